import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Place } from './place.ts';

/** What one program took. Times in milliseconds. */
export interface Measured {
  /** From its start to its end. */
  readonly wallMs: number;
  /** Between two marks that it printed: `MARK <name> <milliseconds since the epoch>`. */
  span(from: string, to: string): number | undefined;
  /** From its start to a mark. */
  until(mark: string): number | undefined;
  /** Processor time of the program and of everything it started; undefined where there are no control groups. */
  readonly cpuMs: number | undefined;
  /** Most memory of all of them together that is nobody else's, in MiB. */
  readonly memoryMiB: number | undefined;
  readonly serverCpuMs: number;
}
export interface Program {
  readonly words: readonly string[];
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
}

/** Run a program where the machines can be reached, and look at it from outside. @throws when it fails or takes longer than the limit. */
export async function measure(place: Place, { words, env, cwd }: Program, limitMs: number): Promise<Measured> {
  const group = openGroup();
  const serverBefore = place.serverCpuMs();
  const startedAt = Date.now();
  const marks = new Map<string, number>();
  const [first = '', ...rest] = [...group.words, ...place.inside, ...words];
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) });
  let said = '';
  const listen = (bytes: Buffer): void => {
    said = (said + bytes.toString()).slice(-20_000);
    for (const [, name = '', at] of bytes.toString().matchAll(/MARK (\S+) (\d+(?:\.\d+)?)/g)) marks.set(name, Number(at));
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(limit);
  const wallMs = Date.now() - startedAt;
  const { cpuMs, memoryMiB } = group.read();
  await group.close();
  if (code !== 0) throw new Error(`${words.join(' ').slice(0, 200)} ended with ${code} after ${wallMs} ms:\n${said.slice(-2_000)}`);
  return {
    ...{ wallMs, cpuMs, memoryMiB, serverCpuMs: place.serverCpuMs() - serverBefore },
    span: (from, to) => difference(marks.get(to), marks.get(from)),
    until: (mark) => difference(marks.get(mark), startedAt),
  };
}

function difference(later: number | undefined, earlier: number | undefined): number | undefined {
  return later === undefined || earlier === undefined ? undefined : later - earlier;
}

interface Group {
  /** Words before a program that put it into the group. */
  readonly words: readonly string[];
  read(): Pick<Measured, 'cpuMs' | 'memoryMiB'>;
  close(): Promise<void>;
}
const SAMPLE_MS = 100;
let groups = 0;

/** A control group of version 1 or 2, whichever is there; children that leave their parent stay in it. */
function openGroup(): Group {
  const name = `slipway-bench-${process.pid}-${groups++}`;
  const unified = makeAll([join('/sys/fs/cgroup', name)], ['memory.stat', 'cpu.stat']);
  const split = unified ?? makeAll([join('/sys/fs/cgroup/memory', name), join('/sys/fs/cgroup/cpuacct', name)], []);
  if (!split) return { words: [], read: () => ({ cpuMs: undefined, memoryMiB: undefined }), close: async () => undefined };
  const [memory = '', cpu = memory] = split;
  let peak = 0;
  const look = (): void => void (peak = Math.max(peak, anonymousBytes(memory, unified !== undefined)));
  const sampling = setInterval(look, SAMPLE_MS);
  const enter = split.map((folder) => `echo $$ >${folder}/cgroup.procs`).join('; ');
  return {
    words: ['sh', '-c', `${enter}; exec "$@"`, 'sh'],
    read: () => {
      look();
      return { cpuMs: cpuMs(cpu, unified !== undefined), memoryMiB: Math.round(peak / 2 ** 20) };
    },
    close: async () => {
      clearInterval(sampling);
      await empty(split);
    },
  };
}

function makeAll(folders: readonly string[], needed: readonly string[]): readonly string[] | undefined {
  try {
    for (const folder of folders) mkdirSync(folder);
    for (const file of needed) readFileSync(join(folders[0] ?? '', file));
    return folders;
  } catch {
    for (const folder of folders) {
      try {
        rmdirSync(folder);
      } catch {
        // it was not made
      }
    }
    return undefined;
  }
}

function anonymousBytes(folder: string, isUnified: boolean): number {
  const word = isUnified ? 'anon' : 'total_rss';
  return Number(new RegExp(`^${word} (\\d+)$`, 'm').exec(readFileSync(join(folder, 'memory.stat'), 'utf8'))?.[1] ?? 0);
}

function cpuMs(folder: string, isUnified: boolean): number {
  if (!isUnified) return Math.round(Number(readFileSync(join(folder, 'cpuacct.usage'), 'utf8')) / 1e6);
  return Math.round(Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(folder, 'cpu.stat'), 'utf8'))?.[1] ?? 0) / 1e3);
}

/** Masters of connections outlive whoever started them: those of this group are ended. */
async function empty(folders: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const pids = readFileSync(join(folders[0] ?? '', 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(Number);
    if (pids.length === 0) break;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // ended meanwhile
      }
    }
    await delay(50);
  }
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      writeFileSync(2, `bench: ${folder} is left behind\n`);
    }
  }
}
