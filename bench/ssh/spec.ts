import { readFileSync } from 'node:fs';

/** What a program of the bench has to do; handed over as a file. */
export interface Spec {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly key: string;
  readonly hostKey: string;
  readonly knownHosts: string;
  /** Tasks one after another on every host: `true`. */
  readonly tasks: number;
  /** Or: this folder, file by file, to /srv/files of every host. */
  readonly files?: { readonly folder: string; readonly names: readonly string[] };
  /** A folder of its own to keep things in. */
  readonly dir: string;
  readonly strategy: 'linear' | 'hostFirst';
}
/** As many at once as Ansible is given. */
export const AT_ONCE = 50;

export function readSpec(): Spec {
  return JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Spec; // written by the bench
}

/** Say that something begins or is over; and, for whoever reads along, how much processor time this process has used by now. */
export function mark(name: string): void {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`MARK ${name} ${Date.now()} after ${Math.round((user + system) / 1_000)} ms of processor time\n`);
}

/** Do work for 0 … count-1, some at a time. */
export async function eachOf(count: number, work: (index: number) => Promise<void>, atOnce = AT_ONCE): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(atOnce, count) }, async () => {
      while (next < count) await work(next++);
    }),
  );
}
