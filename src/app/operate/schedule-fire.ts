import { z } from 'zod';
import { causedRunId, isObject, type JsonObject, messageOf, SlipwayError } from '../../core/index.ts';
import type { RunRow } from '../../journal/index.ts';
import { OPEN_STATES } from '../overview.ts';
import { toJson } from './documents.ts';
import type { Operating } from './operating.ts';
import { isPassing, restMs } from './passing.ts';
import { type LastFire, noteFire } from './schedule-book.ts';
import { FIRES } from './schedule-tick.ts';
import type { Scheduled } from './scheduled.ts';
import type { Ended, Handler, Job } from './work.ts';

/** One time at which a schedule fires. */
export const Fire = z.object({
  key: z.string(),
  kind: z.enum(['run', 'drift']),
  repository: z.string().exactOptional(),
  runbook: z.string(),
  cron: z.string(),
  timeZone: z.string(),
  overlap: z.enum(['skip', 'queue', 'cancelRunning']),
  catchUp: z.boolean(),
  inputs: z.custom<JsonObject>(isObject),
  fireAt: z.number(),
});
export type Fire = z.output<typeof Fire>;

/** What a fire sets going. */
export interface FireHands {
  /** What default branches declare now; none of a branch that has mistakes. */
  readonly declared: () => Promise<ReadonlySet<Scheduled['key']>>;
  /** Record the run of a fire, to be driven by whoever drives runs. @throws {SlipwayError} why it cannot start. */
  readonly start: (fire: Fire, runId: string, signal: AbortSignal) => Promise<void>;
  readonly checkDrift: (fire: Fire, signal: AbortSignal) => Promise<void>;
  /** People should know that a fire came to nothing. */
  readonly refused: (fire: Fire, cause: { readonly code: string; readonly message: string }) => Promise<void>;
}
/** Label of a run that a schedule started: the schedule's key. */
export const SCHEDULE_LABEL = 'schedule';
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 300_000;
/** How often it is looked whether the run before has ended. */
const OVERLAP_MS = 2_000;
/** A fire that could not start for so long is given up. */
const GIVE_UP_MS = 86_400_000;

/** Carries out fires, those of one schedule one after the other. One fire is one run, whose id follows from schedule and time. */
export function firesHandler(operating: Operating, hands: FireHands): Handler {
  return {
    queue: FIRES,
    lanes: 2,
    handle: async (job, signal) => {
      const fire = Fire.parse(job.payload);
      try {
        return await (fire.kind === 'run' ? fireRun(operating, hands, { fire, signal }) : fireDrift(operating, hands, { fire, signal }));
      } catch (cause) {
        signal.throwIfAborted();
        if (operating.stop.aborted) return { retryAt: operating.clock.now(), reason: 'this process was told to go' };
        return failed(operating, hands, { fire, job, cause });
      }
    },
  };
}

/** The id of the run that a fire starts. */
export function runIdOfFire({ key, fireAt }: Pick<Fire, 'key' | 'fireAt'>): string {
  return causedRunId(`schedule ${key} ${new Date(fireAt).toISOString()}`, fireAt);
}

interface Firing {
  readonly fire: Fire;
  readonly signal: AbortSignal;
}

async function fireRun(operating: Operating, hands: FireHands, { fire, signal }: Firing): Promise<Ended> {
  const { journal, clock } = operating;
  const runId = runIdOfFire(fire);
  if (await journal.run(runId)) return note(operating, fire, { outcome: 'started', runId });
  if (!(await hands.declared()).has(fire.key)) return note(operating, fire, { outcome: 'dropped', reason: 'the default branch declares it no longer' });
  const [before, ...others] = await goingOn(operating, fire);
  if (before && fire.overlap === 'skip') return note(operating, fire, { outcome: 'skipped', runId: before.id, reason: `${before.id} is ${before.state}` });
  if (before) {
    if (fire.overlap === 'cancelRunning') await cancel(operating, runId, [before, ...others]);
    return { retryAt: clock.now() + OVERLAP_MS, reason: `waits for ${before.id}, which is ${before.state}` };
  }
  await hands.start(fire, runId, signal);
  return note(operating, fire, { outcome: 'started', runId });
}

async function fireDrift(operating: Operating, hands: FireHands, { fire, signal }: Firing): Promise<Ended> {
  if (!(await hands.declared()).has(fire.key)) return note(operating, fire, { outcome: 'dropped', reason: 'the default branch declares it no longer' });
  await hands.checkDrift(fire, signal);
  return note(operating, fire, { outcome: 'checked' });
}

/** Runs that this schedule started and that have not ended. */
async function goingOn({ journal }: Operating, { runbook, key }: Fire): Promise<readonly RunRow[]> {
  const open = await journal.runs({ runbook, states: OPEN_STATES });
  return open.filter(({ labels }) => labels[SCHEDULE_LABEL] === key);
}

async function cancel({ journal }: Operating, runId: string, runs: readonly RunRow[]): Promise<void> {
  for (const { id } of runs) {
    const request = `${runId}:cancel`;
    await journal.post(id, { type: 'cancelRequested', id: request, by: 'system', reason: `${runId} takes its turn` }, request);
  }
}

async function note({ store, clock }: Operating, fire: Fire, how: Omit<LastFire, 'fireAt' | 'at'>): Promise<Ended> {
  await noteFire(store, fire.key, { fireAt: fire.fireAt, at: clock.now(), ...how });
  return { done: toJson(how) };
}

interface Failed {
  readonly fire: Fire;
  readonly job: Job;
  readonly cause: unknown;
}

async function failed(operating: Operating, hands: FireHands, { fire, job, cause }: Failed): Promise<Ended> {
  const now = operating.clock.now();
  const code = cause instanceof SlipwayError ? cause.code : 'UNEXPECTED';
  const reason = messageOf(cause);
  // Somebody runs exactly this already: as good as a run of this schedule that goes on.
  if (code === 'ALREADY_RUNNING' && fire.overlap === 'skip') return note(operating, fire, { outcome: 'skipped', code, reason });
  if (isPassing(cause) && now - fire.fireAt < GIVE_UP_MS) {
    operating.notice(`${fire.key} cannot start: ${reason}`);
    return { retryAt: now + restMs(job.attempt, { firstMs: FIRST_REST_MS, longestMs: LONGEST_REST_MS }), reason };
  }
  await hands.refused(fire, { code, message: reason });
  return note(operating, fire, { outcome: 'refused', code, reason });
}
