import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type Json, SlipwayError } from '../../../src/core/index.ts';
import { type AnyKind, defineStep, type StepContext } from '../../../src/steps/index.ts';

/** What a step of a scenario does outside; data, so that it means the same in every process and on every engine. */
export interface Deed {
  /** How long it takes, in milliseconds. */
  readonly ms?: number;
  /** It does not listen when it is told to stop. */
  readonly deaf?: boolean;
  readonly outputs?: { readonly [name: string]: Json };
  /** It fails, always or in its first attempts. */
  readonly fail?: { readonly code: string; readonly retry?: 'never' | 'afterBackoff' | 'pauseForHuman'; readonly times?: number };
  /** Its first attempt never comes back: before it took effect, or after. */
  readonly hang?: 'before' | 'after';
  /** A sign of life so often, in milliseconds; none when absent. */
  readonly beatMs?: number;
  readonly log?: string;
  /** So many numbered lines of output, on a machine. */
  readonly prints?: number;
  /** A look there tells nothing. */
  readonly isMute?: boolean;
}
export interface Effect {
  readonly what: 'begin' | 'effect' | 'end' | 'stopped';
  readonly runId: string;
  readonly path: string;
  readonly host: string;
  readonly attempt: number;
  readonly key: string;
  /** Of the process that did it. */
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The outside: a file that every process appends to, in the order in which things really happened. */
export interface Outside {
  readonly note: (effect: Omit<Effect, 'pid' | 'at'>) => void;
  readonly effects: (runId?: string) => readonly Effect[];
}

export function outsideIn(dir: string): Outside {
  const file = join(dir, 'outside.ndjson');
  const effects = (runId?: string): readonly Effect[] => {
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Effect).filter((effect) => runId === undefined || effect.runId === runId); // our own file
  };
  return { note: (effect) => appendFileSync(file, `${JSON.stringify({ ...effect, pid: process.pid, at: Date.now() })}\n`), effects };
}

/** The kinds of the scenarios: `test.work` acts once, `test.hosts` on machines. */
export function kindsOf(outside: Outside): readonly AnyKind[] {
  const words = {
    outputs: z.looseObject({}),
    example: {},
    mutates: true,
    describe: () => 'work',
    summary: 'a step of a scenario',
    idempotency: 'safe' as const,
  };
  const Deeds = z.looseObject({});
  const deedOf = (input: object): Deed => input; // written by scenarios.ts
  const ownOf = (input: object, host: string): Deed | undefined => (input as { readonly on?: { readonly [name: string]: Deed } }).on?.[host]; // written by scenarios.ts
  const did = (context: StepContext, host: string): boolean =>
    outside.effects(context.runId).some(({ what, path, host: where }) => what === 'effect' && path === context.path && where === host);
  const work = defineStep({
    ...words,
    ...{ uses: 'test.work', target: 'none', with: Deeds },
    execute: async (input, context) => {
      await perform(deedOf(input), context, { outside, host: '-' });
      return { status: 'changed', outputs: deedOf(input).outputs ?? {} };
    },
    probe: async (input, context) =>
      did(context, '-') ? { verdict: 'done', outcome: { status: 'changed', outputs: deedOf(input).outputs ?? {} } } : { verdict: 'notDone' },
  });
  const hosts = defineStep({
    ...words,
    ...{ uses: 'test.hosts', target: 'hosts', with: Deeds },
    executeHost: async (input, context) => {
      const own = ownOf(input, context.host.name);
      for (let n = 0; n < ((own ?? deedOf(input)).prints ?? 0); n++) context.output?.(`line ${n}\n`);
      await perform(own ?? deedOf(input), context, { outside, host: context.host.name });
      return { status: 'changed', outputs: own?.outputs ?? {} };
    },
    probeHost: async (input, context) => {
      const own = ownOf(input, context.host.name);
      if (own?.isMute === true) return { verdict: 'unknown', reason: 'it does not say' };
      return did(context, context.host.name) ? { verdict: 'done', outcome: { status: 'changed', outputs: own?.outputs ?? {} } } : { verdict: 'notDone' };
    },
  });
  return [work, hosts];
}

async function perform(deed: Deed, context: StepContext, { outside, host }: { readonly outside: Outside; readonly host: string }): Promise<void> {
  const { runId, path, attempt, idempotencyKey: key, signal } = context;
  const note = (what: Effect['what']): void => outside.note({ what, runId, path, host, attempt, key });
  const isHanging = deed.hang !== undefined && attempt === 1;
  const beat = deed.beatMs === undefined ? undefined : setInterval(context.heartbeat, deed.beatMs);
  try {
    note('begin');
    if (deed.log !== undefined) context.log(deed.log);
    if (isHanging && deed.hang === 'before') await forEver(signal);
    await pass(deed, signal);
    if (deed.fail && attempt <= (deed.fail.times ?? Infinity)) throw new SlipwayError(deed.fail.code, `${path} fails`, { retry: deed.fail.retry ?? 'never' });
    note('effect');
    if (isHanging) await forEver(signal);
    note('end');
  } catch (cause) {
    if (signal.aborted) note('stopped');
    throw cause;
  } finally {
    clearInterval(beat);
  }
}

async function pass({ ms = 0, deaf = false }: Deed, signal: AbortSignal): Promise<void> {
  if (ms === 0) return;
  if (deaf) await delay(ms);
  else await delay(ms, undefined, { signal });
}

async function forEver(signal: AbortSignal): Promise<void> {
  await delay(2 ** 31 - 1, undefined, { signal });
}
