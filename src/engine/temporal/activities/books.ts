import { ApplicationFailure } from '@temporalio/common';
import { type Digest, EXIT, SlipwayError } from '../../../core/index.ts';
import { placeOf } from '../../local/queue.ts';
import type { WorkerHands } from '../../remote.ts';
import { type Activities, LOST, type Parcel, type Timed, type Turn } from '../contract.ts';
import { partsOf } from '../parcel.ts';
import type { EffectOptions } from './effects.ts';
import { startPulse } from './pulse.ts';

/** A lease that only its run, or whoever takes it over, gives back. */
const FOR_EVER_MS = 100 * 365 * 86_400_000;
const POLL_MS = 500;

/** Activities that keep the books of runs; only central workers have them. */
export function bookActivities(options: EffectOptions): Omit<Activities, 'execute' | 'executeHost' | 'probe' | 'watch'> {
  const { hands } = options;
  const { journal } = hands;
  return {
    openRun: ({ runId, owner }) => told(() => openRun(hands, runId, owner)),
    putPart: ({ runId, text }) => journal.putEvidence(runId, Buffer.from(text)),
    getPart: (digest) => told(() => partOf(hands, digest)),
    project: (request) =>
      told(async () => {
        const { runId, owner, token, state, isOver } = request;
        const lease = { runId, owner, token };
        const events = JSON.parse(await textOf(hands, request.events)) as readonly Timed[]; // written by the run
        await journal.project(lease, events, state);
        if (!isOver) return;
        await journal.release(lease);
        await hands.release(runId);
      }),
    awaitTurn: (request) => awaitTurn(options, request),
    callRun: async (request) => {
      const answer = await hands.call(request);
      return 'failed' in answer ? { failed: { state: 'failed', error: answer.failed } } : answer;
    },
  };
}

async function openRun({ journal }: WorkerHands, runId: string, owner: string): Promise<{ readonly token: number; readonly events: Parcel }> {
  // An earlier workflow of this run that was ended from outside: the server lets only one live, and this is it.
  const before = (await journal.run(runId))?.lease;
  if (before?.owner === owner) await journal.release({ runId, owner, token: before.token });
  const lease = await journal.acquire(runId, owner, FOR_EVER_MS);
  if ('heldBy' in lease) throw new SlipwayError('LOCKED', `${runId} is driven by ${lease.heldBy}`, { exitCode: EXIT.locked });
  const texts = partsOf(JSON.stringify(await journal.read(runId)));
  const [text = ''] = texts;
  if (texts.length === 1) return { token: lease.token, events: { text } };
  const parts = await Promise.all(texts.map((part) => journal.putEvidence(runId, Buffer.from(part))));
  return { token: lease.token, events: { parts } };
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

async function awaitTurn({ hands, here }: EffectOptions, { runId, wait, heartbeatMs }: Parameters<Activities['awaitTurn']>[0]): Promise<Turn> {
  using pulse = startPulse({ ...here(), clock: hands.clock, heartbeatMs });
  const { journal, clock } = hands;
  const [first] = await journal.read(runId, 0);
  const rule = first?.body.type === 'runCreated' ? first.body.graph.concurrency : undefined;
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

/** Errors of ours with their code as type, so that the run knows which ones do not go away. */
async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof SlipwayError)) throw cause;
    throw ApplicationFailure.create({ type: cause.code, message: cause.message, cause });
  }
}
