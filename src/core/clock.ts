/** Time as an argument, so that tests move a fake clock and nothing sleeps for real. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** A clock that never jumps, in milliseconds; only differences mean something. */
  monotonic(): number;
  /** Wait; rejects with an `AbortError`, whose cause is the signal's reason, when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Call back later; the function given back calls that off. A clock that has none is asked to `sleep`. */
  later?(ms: number, call: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock & Required<Pick<Clock, 'later'>> = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => (signal ? sleepUntilAborted(ms, signal) : new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))),
  later: (ms, call) => {
    const timer = setTimeout(call, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

/** As `setTimeout` of node:timers/promises, but cheap when aborted: thousands of commands at once each have a time limit, and few reach it. */
function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new Interrupted(signal.reason));
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', abort);
        resolve();
      },
      Math.max(0, ms),
    );
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** What a sleep that was aborted ends with. Nobody looks at where it came from, and finding that out would be most of its cost. */
class Interrupted extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor(cause: unknown) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super('the operation was aborted', { cause });
    Error.stackTraceLimit = limit;
  }
}
