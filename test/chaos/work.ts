import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { SlipwayError } from '../../src/core/index.ts';
import { type AnyKind, defineStep, type StepContext } from '../../src/steps/index.ts';

/** One line of the outside ledger: what the world saw, whoever did it. */
export interface Line {
  /** `stall`: the process got no time for so long that its lease may have run out, as if it had been frozen. */
  readonly what: 'begin' | 'end' | 'stall';
  readonly run: string;
  readonly path: string;
  readonly host: string;
  readonly attempt: number;
  readonly key: string;
  readonly pid: number;
  readonly at: number;
}

/** Everything the outside has seen, in order. A line is written in one go, so that a killed process leaves no half of one. */
export function ledgerOf(file: string): readonly Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line); // written below
}

/** Write `stall` lines until the process ends: on a machine with more to do than it can, a process is frozen by whoever else runs. */
export function tellStalls(file: string, longestMs: number): void {
  const every = 50;
  let due = performance.now() + every;
  setInterval(() => {
    const now = performance.now();
    const line: Line = { ...{ what: 'stall', run: '', path: '', host: '-', attempt: 0, key: '' }, pid: process.pid, at: Date.now() };
    if (now - due > longestMs) appendFileSync(file, `${JSON.stringify(line)}\n`);
    due = now + every;
  }, every).unref();
}

const SLOWEST_MS = 2_000;
type Fate = 'ok' | 'flaky' | 'broken' | 'ask' | 'deaf';

/** What becomes of an attempt, from the seed alone: the same for the same attempt of the same run, whoever makes it. */
export function fateOf(
  seed: number,
  { runId, path, attempt }: Pick<StepContext, 'runId' | 'path' | 'attempt'>,
  host = '',
): { readonly fate: Fate; readonly ms: number } {
  const bytes = createHash('sha256').update(`${seed} ${runId} ${path} ${attempt} ${host}`).digest();
  const roll = bytes.readUInt16BE(0) / 65_536;
  const fate: Fate = roll < 0.82 ? 'ok' : roll < 0.91 ? 'flaky' : roll < 0.94 ? 'broken' : roll < 0.96 ? 'ask' : 'deaf';
  return { fate, ms: Math.round((bytes.readUInt16BE(2) / 65_536) ** 2 * SLOWEST_MS) };
}

/** Kinds whose effects are lines of the ledger. Some fail, some are slow, some do not listen when they are aborted. */
export function chaosKinds(seed: number, file: string): readonly AnyKind[] {
  const act = async (context: StepContext, host = '-'): Promise<void> => {
    const { fate, ms } = fateOf(seed, context, host);
    const { runId: run, path, attempt, idempotencyKey: key, signal } = context;
    const write = (what: Line['what']): void => {
      const line: Line = { what, run, path, host, attempt, key, pid: process.pid, at: Date.now() };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    };
    write('begin');
    try {
      await delay(ms, undefined, fate === 'deaf' ? {} : { signal });
    } finally {
      write('end');
    }
    if (fate === 'flaky') throw new SlipwayError('FLAKY', 'not this time', { retry: 'afterBackoff' });
    if (fate === 'broken') throw new SlipwayError('BROKEN', 'broken');
    if (fate === 'ask') throw new SlipwayError('ASK', 'what now', { retry: 'pauseForHuman' });
  };
  const shape = { with: z.looseObject({}), outputs: z.looseObject({}), example: {}, mutates: true, describe: () => 'work', summary: 'a step of a test' };
  const work = defineStep({
    ...shape,
    ...{ uses: 'test.work', target: 'none', idempotency: 'safe' },
    execute: async (_input, context) => {
      await act(context);
      return { status: 'changed', outputs: { path: context.path } };
    },
    probe: async (_input, { runId, path }) => {
      const isDone = ledgerOf(file).some((line) => line.what === 'begin' && line.run === runId && line.path === path);
      return isDone ? { verdict: 'done', outcome: { status: 'changed', outputs: { path } } } : { verdict: 'notDone' };
    },
  });
  const hosts = defineStep({
    ...shape,
    ...{ uses: 'test.hosts', target: 'hosts', idempotency: 'safe' },
    executeHost: async (_input, context) => {
      await act(context, context.host.name);
      return { status: 'changed', outputs: {} };
    },
  });
  return [work, hosts];
}
