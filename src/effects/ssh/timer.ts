import type { Clock } from '../../core/index.ts';

/** A time limit that is nearly always called off. */
export interface Timer {
  /** Resolves with `true` when the time is over, and with `false` when it was called off. */
  readonly over: Promise<boolean>;
  stop(): void;
}

/** Without a reason of its own, every abort would make an error that nobody sees. */
const CALLED_OFF = new Error('called off');

export function startTimer(clock: Clock, ms: number): Timer {
  const stop = new AbortController();
  const over = clock.sleep(ms, stop.signal).then(
    () => true,
    () => false,
  );
  return { over, stop: () => stop.abort(CALLED_OFF) };
}
