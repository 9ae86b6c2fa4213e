import { setTimeout as delay } from 'node:timers/promises';

/** Time as an argument, so that tests move a fake clock and nothing sleeps for real. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** A clock that never jumps, in milliseconds; only differences mean something. */
  monotonic(): number;
  /** Wait; rejects with an `AbortError`, whose cause is the signal's reason, when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(Math.max(0, ms), undefined, signal ? { signal } : {});
  },
};
