import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerSpec } from './worker.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');
export const FAULTS = ['kill', 'freeze', 'term'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Crew {
  readonly hit: (fault: Fault, which: number) => Promise<void>;
  /** What happened so far, by fault. */
  readonly counts: Record<string, number>;
  /** Processes that were frozen or had a wrong clock: what they did late is theirs. */
  readonly unreliable: Set<number>;
  /** End everybody and begin again with workers that are well. */
  readonly heal: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Workers in processes of their own; one that ends is replaced. */
export function startCrew(size: number, specOf: (generation: number, isCalm: boolean) => WorkerSpec): Crew {
  const workers: ChildProcess[] = [];
  const counts: Record<string, number> = {};
  const unreliable = new Set<number>();
  let generation = 0;
  let isCalm = false;
  let isOver = false;
  const hire = (place: number): void => {
    const spec = specOf(generation++, isCalm);
    const child = spawn(process.execPath, [WORKER, JSON.stringify(spec)], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (spec.clockOffsetMs !== 0 && child.pid !== undefined) unreliable.add(child.pid);
    workers[place] = child;
    child.on('exit', () => {
      if (!isOver && workers[place] === child) hire(place);
    });
  };
  const gone = (child: ChildProcess): Promise<void> =>
    child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((done) => child.once('exit', () => done()));
  const killAll = async (): Promise<void> => {
    const all = [...workers];
    for (const child of all) child.kill('SIGKILL');
    await Promise.all(all.map(gone));
  };
  for (let place = 0; place < size; place++) hire(place);
  return {
    counts,
    unreliable,
    hit: async (fault, which) => {
      const child = workers[which % size];
      if (!child) return;
      counts[fault] = (counts[fault] ?? 0) + 1;
      if (fault === 'kill') child.kill('SIGKILL');
      else if (fault === 'term') child.kill('SIGTERM');
      else await freeze(child, unreliable, specOf(0, true).leaseTtlMs * 2);
    },
    heal: async () => {
      isCalm = true;
      await killAll();
    },
    stop: async () => {
      isOver = true;
      await killAll();
    },
  };
}

/** For longer than its lease: another worker takes over, and this one finds out when it wakes. */
async function freeze(child: ChildProcess, unreliable: Set<number>, ms: number): Promise<void> {
  if (child.pid !== undefined) unreliable.add(child.pid);
  child.kill('SIGSTOP');
  await delay(ms);
  child.kill('SIGCONT');
}
