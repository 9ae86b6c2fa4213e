import type { Clock } from '../../core/index.ts';
import type { DriveOptions } from './drive.ts';

export interface Waker {
  /** Something has happened: decide again. */
  readonly wake: () => void;
  /** Forget what has happened until now. */
  readonly reset: () => void;
  /** Sleep until woken, or until a time (milliseconds since the epoch). */
  readonly sleepUntil: (at: number | undefined, clock: Clock) => Promise<void>;
  readonly stop: () => void;
}

/**
 * Wakes a driver when something comes into the journal that it did not write itself, also from another process.
 *
 * @param seen number of the last event that the driver has taken into account.
 */
export function createWaker({ journal, runId }: Pick<DriveOptions, 'journal' | 'runId'>, seen: () => number, signal: AbortSignal): Waker {
  let woken = Promise.withResolvers<void>();
  const wake = (): void => woken.resolve();
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  either.addEventListener('abort', wake, { once: true });
  const follow = async (): Promise<void> => {
    const row = await journal.run(runId);
    for await (const event of journal.follow(runId, row?.lastSeq ?? 0, either)) if (event.seq > seen()) wake();
  };
  // A journal that cannot be read fails the driver's own next read; when that one succeeds, the driver must not stay deaf.
  const listen = (): void =>
    void follow().catch(() => {
      wake();
      if (!either.aborted) setTimeout(listen, LISTEN_AGAIN_MS).unref();
    });
  listen();
  return {
    wake,
    reset: () => void (woken = Promise.withResolvers<void>()),
    sleepUntil: async (at, clock) => {
      const early = new AbortController();
      const timer =
        at === undefined
          ? new Promise<void>(() => undefined)
          : clock.sleep(Math.min(at - clock.now(), LONGEST_MS), AbortSignal.any([either, early.signal])).catch(() => undefined);
      await Promise.race([woken.promise, timer]);
      early.abort(AWAKE);
    },
    stop: () => ended.abort(),
  };
}

/** Without a reason of its own, every abort would make an error that nobody sees. */
const AWAKE = new Error('awake');
const LISTEN_AGAIN_MS = 1_000;
/** A clock that jumps is noticed within a minute. */
const LONGEST_MS = 60_000;
