import { ActivityFailure, CancellationScope, isCancellation, scheduleActivity, TimeoutFailure } from '@temporalio/workflow';
import { type Activities, queueOf, type Rules } from '../contract.ts';
import type { Inbox } from './inbox.ts';

/** How an activity ended. */
export type Ended<T> =
  | { readonly how: 'done'; readonly value: T }
  /** It was cancelled before anything began. */
  | { readonly how: 'cancelled' }
  /** Nobody took it out of its queue in time: nothing began. */
  | { readonly how: 'unpicked' }
  /** Its worker is gone, or does not know: it may have had its effect. */
  | { readonly how: 'lost'; readonly cause: unknown };

type Name = keyof Activities;
export type Argument<N extends Name> = Parameters<Activities[N]>[0];
export type Value<N extends Name> = Awaited<ReturnType<Activities[N]>>;

export interface Effect<N extends Name> {
  readonly name: N;
  readonly argument: Argument<N>;
  /** Shown in Temporal's own pages. */
  readonly id: string;
  readonly zone: string | undefined;
  readonly heartbeatMs: number;
  readonly pickUpMs: number;
  /** Longest time it can take; its own limit ends it earlier. */
  readonly longestMs: number;
}
/** Has effects done by activities, each once: trying again is for the brain to decide. */
export interface Hands {
  /** @returns what cancels it; however it ends, `then` is called in its turn. */
  readonly start: <N extends Name>(effect: Effect<N>, then: (end: Ended<Value<N>>) => void) => () => void;
}

export function createHands(rules: Rules, inbox: Inbox): Hands {
  return {
    start: ({ name, argument, id, zone, heartbeatMs, pickUpMs, longestMs }, then) => {
      const scope = new CancellationScope();
      const running = scope.run(() =>
        scheduleActivity<Value<typeof name>>(name, [argument], {
          activityId: id,
          taskQueue: queueOf(rules, zone),
          heartbeatTimeout: heartbeatMs,
          scheduleToStartTimeout: pickUpMs,
          startToCloseTimeout: longestMs,
          cancellationType: 'WAIT_CANCELLATION_COMPLETED',
          retry: { maximumAttempts: 1 },
        }),
      );
      void running.then(
        (value) => inbox.put(() => then({ how: 'done', value })),
        (cause: unknown) => inbox.put(() => then(endOf(cause))),
      );
      return () => scope.cancel();
    },
  };
}

function endOf(cause: unknown): Ended<never> {
  if (isCancellation(cause)) return { how: 'cancelled' };
  const inner = cause instanceof ActivityFailure ? cause.cause : undefined;
  if (inner instanceof TimeoutFailure && inner.timeoutType === 'SCHEDULE_TO_START') return { how: 'unpicked' };
  return { how: 'lost', cause };
}
