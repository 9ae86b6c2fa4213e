import { DELIVERIES } from '../../src/app/index.ts';
import { isObject } from '../../src/core/index.ts';
import type { JobState, Store } from '../../src/store/index.ts';
import { deliveryId } from './load.ts';

/** What became of deliveries that were acknowledged. */
export interface Kept {
  /** In no state at all: the promise is broken. */
  readonly lost: number;
  readonly waiting: number;
  readonly workedOff: number;
  readonly dead: number;
}
const ALL = 10_000_000;

/** Look for each acknowledged delivery by its id, in every state: a worker takes them up while they still come. */
export async function keptOf({ queues }: Store, acknowledged: readonly number[]): Promise<Kept> {
  const jobs = await queues.peek(DELIVERIES, { limit: ALL });
  const states = new Map(jobs.map(({ payload, state }) => [isObject(payload) ? payload['id'] : undefined, state]));
  const found = acknowledged.map((n) => states.get(deliveryId(n)));
  const count = (...wanted: readonly (JobState | undefined)[]): number => found.filter((state) => wanted.includes(state)).length;
  return { lost: count(undefined), waiting: count('ready', 'claimed'), workedOff: count('done'), dead: count('dead') };
}
