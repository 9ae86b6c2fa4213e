import { ApplicationFailure } from '@temporalio/common';
import { createMasker, SlipwayError } from '../../../core/index.ts';
import type { EventBody } from '../../events.ts';
import { failureOf } from '../../local/failure.ts';
import { placeOf } from '../../local/queue.ts';
import type { WorkerHands } from '../../remote.ts';
import { type Activities, BOOK_HEARTBEAT_MS, LOST, type Taken, type Turn, waitedFor } from '../contract.ts';
import type { EffectOptions } from './effects.ts';
import { startPulse } from './pulse.ts';

const POLL_MS = 500;
/** Looking whether a lock is free is a write, and runs may wait for days. */
const LONGEST_POLL_MS = 3_000;
const SLOWER = 1.2;

/** Activities that wait until a run may act. They have a queue of their own: many runs may wait, and what goes on must not wait for them. */
export function turnActivities(options: EffectOptions): Pick<Activities, 'awaitTurn' | 'takeLocks'> {
  return { awaitTurn: (request) => awaitTurn(options, request), takeLocks: (request) => takeLocks(options, request) };
}

async function awaitTurn({ hands, here }: EffectOptions, { runId, wait, heartbeatMs }: Parameters<Activities['awaitTurn']>[0]): Promise<Turn> {
  using pulse = startPulse({ ...here(), clock: hands.clock, heartbeatMs });
  const { journal, clock } = hands;
  const rule = await ruleOf(hands, runId);
  while (rule && !pulse.signal.aborted) {
    const place = await placeOf({ journal, runId }, rule);
    if (place.isFree) return { turn: 'free' };
    if (rule.queue === 'latest' && place.isOvertaken) return { turn: 'overtaken' };
    if (!wait) return { turn: 'behind', behind: place.behind };
    await clock.sleep(POLL_MS, pulse.signal).catch(() => undefined);
  }
  if (!rule) return { turn: 'free' };
  throw ApplicationFailure.create({ type: LOST, nonRetryable: true, message: 'stopped waiting' });
}

/** Its place in the queue is kept for as long as this asks. A worker that dies meanwhile is followed by another one. */
async function takeLocks({ hands, here }: EffectOptions, { runId, told, restMs = 0 }: Parameters<Activities['takeLocks']>[0]): Promise<Taken> {
  using pulse = startPulse({ ...here(), clock: hands.clock, heartbeatMs: BOOK_HEARTBEAT_MS });
  const { clock } = hands;
  await clock.sleep(restMs, pulse.signal).catch(() => undefined);
  const rule = await ruleOf(hands, runId);
  for (let pollMs = POLL_MS; !pulse.signal.aborted; pollMs = Math.min(LONGEST_POLL_MS, pollMs * SLOWER)) {
    const taken = await look(hands, runId);
    if (taken.state !== 'waiting' || waitedFor(taken.wait) !== told) return taken;
    if (await isOvertaken(hands, runId, rule)) return { state: 'overtaken' };
    await clock.sleep(pollMs, pulse.signal).catch(() => undefined);
  }
  throw ApplicationFailure.create({ type: LOST, message: 'stopped waiting' });
}

async function look({ locks }: WorkerHands, runId: string): Promise<Taken> {
  try {
    return (await locks?.take(runId)) ?? { state: 'unknown', reason: 'this worker knows no locks', hint: 'start a newer "slipway worker"' };
  } catch (cause) {
    // A store that is away comes back; everything else is for people.
    if (!(cause instanceof SlipwayError) || /^(?:STORE|JOURNAL)_/.test(cause.code)) throw cause;
    const { message, hint = 'mend the worker; the run then goes on by itself' } = failureOf(cause, createMasker());
    return { state: 'unknown', reason: `nobody can tell what the run has to hold: ${message}`, hint };
  }
}

type Rule = Extract<EventBody, { type: 'runCreated' }>['graph']['concurrency'];

async function ruleOf({ journal }: WorkerHands, runId: string): Promise<Rule> {
  const [first] = await journal.read(runId, 0);
  return first?.body.type === 'runCreated' ? first.body.graph.concurrency : undefined;
}

/** A run that had its turn, and waits for its locks, gives way to a newer one all the same. */
async function isOvertaken({ journal }: WorkerHands, runId: string, rule: Rule): Promise<boolean> {
  if (rule?.queue !== 'latest' || (await journal.run(runId))?.state !== 'queued') return false;
  return (await placeOf({ journal, runId }, rule)).isOvertaken;
}
