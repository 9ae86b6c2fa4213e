import type { QueueHandler } from '../serve/worker.ts';
import { deliveriesHandler } from './deliveries.ts';
import { followsHandler } from './follow.ts';
import { createLooks } from './look.ts';
import { DELIVERIES, FOLLOWS, PULLS, type PullsOptions } from './types.ts';
import { pullsHandler } from './work.ts';
import { createWorking } from './working.ts';

/** The pull-request loop, as handlers of its queues: what hosts tell, the pull requests themselves, and the runs that belong to them. */
export function createPulls(options: PullsOptions): { readonly [queue: string]: QueueHandler } {
  const [looks, working] = [createLooks(options), createWorking()];
  return { [DELIVERIES]: deliveriesHandler(options, working), [PULLS]: pullsHandler(options, { looks, working }), [FOLLOWS]: followsHandler(options) };
}
