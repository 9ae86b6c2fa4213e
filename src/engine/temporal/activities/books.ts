import { ApplicationFailure } from '@temporalio/common';
import { type Digest, EXIT, SlipwayError } from '../../../core/index.ts';
import type { WorkerHands } from '../../remote.ts';
import { type Activities, BOOK_HEARTBEAT_MS, type Copy, LOST, type Opened, type Parcel, type Timed } from '../contract.ts';
import { partsOf } from '../parcel.ts';
import type { EffectOptions } from './effects.ts';
import { type Pulse, startPulse } from './pulse.ts';

/** A lease that only its run, or whoever takes it over, gives back. */
const FOR_EVER_MS = 100 * 365 * 86_400_000;

/** Activities that keep the books of runs; only central workers have them. */
export function bookActivities(options: EffectOptions): Pick<Activities, 'openRun' | 'putPart' | 'getPart' | 'project' | 'callRun'> {
  const { hands } = options;
  const { journal } = hands;
  /** Errors of ours with their code as type, so that the run knows which ones do not go away; signs of life, so that a worker that died is not waited for. */
  const kept = async <T>(act: (pulse: Pulse) => Promise<T>): Promise<T> => {
    using pulse = startPulse({ ...options.here(), clock: hands.clock, heartbeatMs: BOOK_HEARTBEAT_MS });
    return await told(() => act(pulse));
  };
  return {
    openRun: ({ runId, owner }) => kept((pulse) => openRun(hands, { runId, owner, pulse })),
    putPart: ({ runId, text }) => kept(() => journal.putEvidence(runId, Buffer.from(text))),
    getPart: (digest) => kept(() => partOf(hands, digest)),
    project: (request) => kept(() => project(hands, request)),
    callRun: (request) =>
      kept(async () => {
        const answer = await hands.call(request);
        return 'failed' in answer ? { failed: { state: 'failed', error: answer.failed } } : answer;
      }),
  };
}

/** Copy events into the journal; those that it has already are compared. With the last ones the lease of the run is given back. */
export async function copyEvents(hands: WorkerHands, runId: string, { owner, token, events, state }: Copy, isOver = false): Promise<void> {
  const timed = JSON.parse(await textOf(hands, events)) as readonly Timed[]; // written by the run
  const fresh = await hands.journal.project({ runId, owner, token }, timed, { state, release: isOver });
  await hands.told?.(runId, fresh);
}

async function project(hands: WorkerHands, { runId, isOver, ...copy }: Parameters<Activities['project']>[0]): Promise<void> {
  await copyEvents(hands, runId, copy, isOver);
  if (!isOver) return;
  // What cannot be given back now is given back by whoever waits for it; how the run ended is on record.
  await hands.locks?.release(runId).catch(() => undefined);
  await hands.release(runId);
}

interface Opening {
  readonly runId: string;
  readonly owner: string;
  readonly pulse: Pulse;
}

async function openRun(hands: WorkerHands, { runId, owner, pulse }: Opening): Promise<Opened> {
  const { journal } = hands;
  // An earlier workflow of this run that was ended from outside: the server lets only one live, and this is it.
  const before = (await journal.run(runId))?.lease;
  assertHeard(pulse);
  if (before?.owner === owner) await journal.release({ runId, owner, token: before.token });
  assertHeard(pulse);
  const lease = await journal.acquire(runId, owner, FOR_EVER_MS);
  if ('heldBy' in lease) throw new SlipwayError('LOCKED', `${runId} is driven by ${lease.heldBy}`, { exitCode: EXIT.locked });
  return { token: lease.token, events: await packed(hands, runId), ...((await needsLocks(hands, runId)) ? { locks: true } : {}) };
}

/** One that was frozen may be doing what another worker has done meanwhile. @throws {ApplicationFailure} `EFFECT_LOST`. */
function assertHeard(pulse: Pulse): void {
  if (pulse.isLost()) throw ApplicationFailure.create({ type: LOST, message: 'this worker was silent for too long' });
}

async function packed({ journal }: WorkerHands, runId: string): Promise<Parcel> {
  const texts = partsOf(JSON.stringify(await journal.read(runId)));
  const [text = ''] = texts;
  if (texts.length === 1) return { text };
  return { parts: await Promise.all(texts.map((part) => journal.putEvidence(runId, Buffer.from(part)))) };
}

/** Where that cannot be found out, asking for them says why. */
async function needsLocks({ locks }: WorkerHands, runId: string): Promise<boolean> {
  return (await locks?.areNeeded(runId).catch(() => true)) ?? false;
}

async function textOf(hands: WorkerHands, parcel: Parcel): Promise<string> {
  if ('text' in parcel) return parcel.text;
  return (await Promise.all(parcel.parts.map((part) => partOf(hands, part)))).join('');
}

async function partOf({ journal }: WorkerHands, digest: Digest): Promise<string> {
  const bytes = await journal.evidence(digest);
  if (bytes) return Buffer.from(bytes).toString('utf8');
  throw new SlipwayError('EVIDENCE_MISSING', `the journal does not hold ${digest}`, { retry: 'pauseForHuman', hint: 'was its evidence removed?' });
}

async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof SlipwayError)) throw cause;
    throw ApplicationFailure.create({ type: cause.code, message: cause.message, cause });
  }
}
