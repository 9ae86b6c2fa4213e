import { ActivityFailure, ApplicationFailure, CancellationScope, isCancellation, scheduleActivity, TimeoutFailure } from '@temporalio/workflow';
import { type Activities, LOCKS_GONE, LOCKS_LOST, type Rules } from '../contract.ts';
import { queueOf } from '../routing.ts';
import type { Inbox } from './inbox.ts';
import type { Keeping } from './keeping.ts';
import type { Projector } from './projector.ts';

/** How an activity ended. */
export type Ended<T> =
  | { readonly how: 'done'; readonly value: T }
  /** It was cancelled before anything began. */
  | { readonly how: 'cancelled' }
  /** Nobody took it out of its queue in time: nothing began. */
  | { readonly how: 'unpicked' }
  /** The run did not hold its locks any more: nothing began. */
  | { readonly how: 'unlocked' }
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
  /** Instead of the queue of its zone. */
  readonly queue?: string;
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

interface Sources extends Pick<Projector, 'board'> {
  readonly rules: Rules;
  readonly inbox: Inbox;
  readonly keeping: Keeping;
}

export function createHands({ rules, inbox, keeping, board }: Sources): Hands {
  const scopes = createScopes();
  return {
    start: (effect, then) => {
      const { name, zone, queue = queueOf(rules, zone) } = effect;
      if (!keeping.mayStart(name)) {
        inbox.put(() => then({ how: 'unlocked' }));
        return () => undefined;
      }
      const scope = scopes.take();
      const { proof, over } = keeping.started(name);
      // Only where the books are kept: workers of zones copy nothing.
      const ride = name === 'execute' && queue === queueOf(rules, undefined) ? board() : undefined;
      const running = scope.act(() => schedule<typeof name>(effect, queue, { ...(proof && { proof }), ...(ride && { copy: ride.copy }) }));
      const ended = (isCopied: boolean): void => {
        scope.over();
        over();
        ride?.over(isCopied);
      };
      void running.then(
        (value) =>
          inbox.put(() => {
            ended('copied' in Object(value));
            then({ how: 'done', value });
          }),
        (cause: unknown) =>
          inbox.put(() => {
            ended(false);
            const type = failureType(cause);
            if (type === LOCKS_LOST || type === LOCKS_GONE) keeping.lost(proof);
            then(type === LOCKS_GONE ? { how: 'unlocked' } : endOf(cause));
          }),
      );
      return scope.cancel;
    },
  };
}

/** What ends one activity. */
interface Scope {
  readonly act: <T>(begin: () => Promise<T>) => Promise<T>;
  readonly cancel: () => void;
  /** The activity is over: what cancels it cancels nothing any more. */
  readonly over: () => void;
}

/** Every promise in a workflow is written down by the SDK, and a scope is three: the next activity takes over the scope of one that is over, unless it was cancelled. */
function createScopes(): { readonly take: () => Scope } {
  const idle: CancellationScope[] = [];
  return {
    take: () => {
      const scope = idle.pop() ?? new CancellationScope();
      let isOver = false;
      return {
        act: (begin) => scope.run(begin),
        cancel: () => {
          if (!isOver) scope.cancel();
        },
        over: () => {
          isOver = true;
          if (!scope.consideredCancelled) idle.push(scope);
        },
      };
    },
  };
}

/** @param taken what it takes along beside its argument. */
function schedule<N extends Name>({ name, argument, id, heartbeatMs, pickUpMs, longestMs }: Effect<N>, queue: string, taken: object): Promise<Value<N>> {
  return scheduleActivity<Value<N>>(name, [Object.assign({}, argument, taken)], {
    activityId: id,
    taskQueue: queue,
    heartbeatTimeout: heartbeatMs,
    scheduleToStartTimeout: pickUpMs,
    startToCloseTimeout: longestMs,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { maximumAttempts: 1 },
  });
}

function failureType(cause: unknown): string | undefined {
  const inner = cause instanceof ActivityFailure ? cause.cause : undefined;
  return inner instanceof ApplicationFailure ? (inner.type ?? undefined) : undefined;
}

function endOf(cause: unknown): Ended<never> {
  if (isCancellation(cause)) return { how: 'cancelled' };
  const inner = cause instanceof ActivityFailure ? cause.cause : undefined;
  if (inner instanceof TimeoutFailure && inner.timeoutType === 'SCHEDULE_TO_START') return { how: 'unpicked' };
  return { how: 'lost', cause };
}
