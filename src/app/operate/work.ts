import { isObject, type Json, type JsonObject, messageOf } from '../../core/index.ts';
import type { Claim } from '../../store/index.ts';
import type { Operating } from './operating.ts';
import { repeat } from './repeat.ts';

/** What became of a job: it is over; it is to be tried again, which may be for ever; or it will never work. */
export type Ended = { readonly done: Json } | { readonly retryAt: number; readonly reason: string } | { readonly dead: string };
/** Works on the jobs of one queue. May be called twice for one job, and so looks before it acts. */
export interface Handler {
  readonly queue: string;
  readonly lanes: number;
  readonly handle: (job: Job, signal: AbortSignal) => Promise<Ended>;
}
export interface Job {
  readonly id: string;
  readonly payload: JsonObject;
  /** Counts from 1. */
  readonly attempt: number;
}
const CLAIM_MS = 30_000;
const POLL_MS = 500;
/** For jobs whose handler decides when they have been tried often enough. */
export const NO_END = 1_000_000;

/** Work on a queue until told to stop. What throws is tried again a little later. */
export async function workOn(operating: Operating, handler: Handler, pollMs = POLL_MS): Promise<void> {
  const lane = (): Promise<void> =>
    repeat(operating, {
      what: `queue ${handler.queue}`,
      everyMs: pollMs,
      act: async () => {
        while (!operating.stop.aborted && (await workOnce(operating, handler)));
      },
    });
  await Promise.all(Array.from({ length: handler.lanes }, lane));
}

/** Take one job and do it. @returns whether there was one. */
export async function workOnce(operating: Operating, { queue, handle }: Handler): Promise<boolean> {
  const { store, owner } = operating;
  const claim = await store.queues.claim(queue, owner, CLAIM_MS);
  if (!claim) return false;
  const lost = new AbortController();
  const beat = setInterval(() => void store.queues.heartbeat(claim, CLAIM_MS).catch((cause: unknown) => lost.abort(cause)), CLAIM_MS / 3);
  try {
    const ended = await endOf(operating, () => handle(jobOf(claim), AbortSignal.any([operating.signal, lost.signal])));
    if (!lost.signal.aborted) await settle(operating, claim, ended);
  } finally {
    clearInterval(beat);
  }
  return true;
}

function jobOf({ id, payload, attempt }: Claim): Job {
  return { id, attempt, payload: isObject(payload) ? payload : {} };
}

const FIRST_REST_MS = 1_000;
async function endOf({ clock, signal, notice }: Operating, act: () => Promise<Ended>): Promise<Ended> {
  try {
    return await act();
  } catch (cause) {
    // It did not fail, it was stopped: whoever looks next goes on with it.
    if (!signal.aborted) notice(messageOf(cause));
    return { retryAt: clock.now() + FIRST_REST_MS, reason: messageOf(cause) };
  }
}

async function settle({ store }: Operating, claim: Claim, ended: Ended): Promise<void> {
  if ('done' in ended) await store.queues.finish(claim, ended.done);
  else if ('dead' in ended) await store.queues.fail(claim, { retryAt: 'never', reason: ended.dead });
  else await store.queues.fail(claim, ended);
}
