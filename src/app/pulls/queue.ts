import { z } from 'zod';
import { isObject, type Json } from '../../core/index.ts';
import { keyOf, PULLS, type PullRef, type PullsOptions } from './types.ts';

/** One piece of work on a pull request: bring it up to date, after doing what somebody asked for. */
export const PullJob = z.strictObject({
  host: z.string(),
  repo: z.string(),
  number: z.number(),
  /** Comment with the command that is to be carried out first. */
  ask: z.string().optional(),
  /** How often it was looked at without anything being other than before. */
  quiet: z.number().optional(),
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
