import { z } from 'zod';
import { isObject, type Json } from '../../core/index.ts';
import { FOLLOWS, keyOf, PULLS, type PullRef, type PullsOptions } from './types.ts';

/** One piece of work on a pull request: bring it up to date, after doing what somebody asked for. */
export const PullJob = z.strictObject({
  host: z.string(),
  repo: z.string(),
  number: z.number(),
  /** Comment with the command that is to be carried out first. */
  ask: z.string().optional(),
});
export type PullJob = z.output<typeof PullJob>;

/** Have a pull request brought up to date. The same cause does so once. */
export async function enqueuePull({ store, wake }: Pick<PullsOptions, 'store' | 'wake'>, job: PullJob, cause: string): Promise<void> {
  const ref: PullRef = job;
  const payload: Json = JSON.parse(JSON.stringify(job)) as Json; // without undefined members
  await store.queues.enqueue(PULLS, { id: `${keyOf(ref)} ${cause}`.slice(0, 480), payload, orderKey: keyOf(ref) });
  wake(PULLS);
}

export function jobOf(payload: Json): PullJob {
  return PullJob.parse(isObject(payload) ? payload : {});
}

/** Something to look at later: a run until it is over, or else the pull request once more. */
export const FollowJob = z.strictObject({ host: z.string(), repo: z.string(), number: z.number(), run: z.string().optional(), cause: z.string() });
export type FollowJob = z.output<typeof FollowJob>;

/** Have something looked at later; asking again changes nothing. Jobs of `PULLS` never wait for a time, for those behind them would wait too. */
export async function enqueueFollow({ store, wake }: Pick<PullsOptions, 'store' | 'wake'>, job: FollowJob, notBefore?: number): Promise<void> {
  const payload: Json = JSON.parse(JSON.stringify(job)) as Json; // without undefined members
  const id = `${keyOf(job)} ${job.cause}`.slice(0, 480);
  await store.queues.enqueue(FOLLOWS, { id, payload, ...(notBefore === undefined ? {} : { notBefore }) });
  wake(FOLLOWS);
}
