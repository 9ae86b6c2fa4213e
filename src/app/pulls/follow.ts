import { digestOf } from '../../core/index.ts';
import { isTerminal, RUN_STATES } from '../../engine/index.ts';
import type { QueueHandler } from '../serve/worker.ts';
import { liveRun } from './assess.ts';
import { enqueuePull, FollowJob } from './queue.ts';
import type { PullsOptions } from './types.ts';

const FOLLOW_MS = 2_000;

/** Follows runs of pull requests: whenever one is in another state, or waits for somebody else, its pull request is brought up to date. */
export function followsHandler(options: PullsOptions): QueueHandler {
  return {
    lanes: 1,
    handle: async ({ payload }) => {
      const { run, cause, ...ref } = FollowJob.parse(payload);
      if (run === undefined) {
        await enqueuePull(options, ref, cause);
        return { done: 'once more' };
      }
      const row = await (await options.wiring.journal()).run(run);
      const state = RUN_STATES.find((each) => each === row?.state);
      if (!row || !state) return { done: 'gone' };
      const waits = isTerminal(state) ? '' : ((await liveRun(options, row)).waits ?? '');
      await enqueuePull(options, ref, `run ${run} ${state} ${waits === '' ? '' : digestOf(waits)}`);
      if (isTerminal(state)) return { done: state };
      return { waitUntil: options.clock.now() + FOLLOW_MS, reason: `${run} is ${state}` };
    },
    gaveUp: async (_item, reason) => options.log.error({ reason }, 'a run of a pull request is not followed any more'),
  };
}
