import type { Clock } from '../../core/index.ts';
import { Aborted } from './failure.ts';

export interface AttemptLimits {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly heartbeatMs?: number | undefined;
}
/** The signal an effect runs under: the run's own, the time limit of the attempt, and the lack of heartbeats. */
export interface Attempt extends Disposable {
  readonly signal: AbortSignal;
  readonly heartbeat: () => void;
}

export function startAttempt({ signal, timeoutMs, heartbeatMs }: AttemptLimits): Attempt {
  const limit = new AbortController();
  // 0 is no limit.
  const timeout = timeoutMs === 0 ? undefined : timer(timeoutMs, () => limit.abort(new Aborted('timedOut', `took longer than ${timeoutMs} ms`)));
  let silence: NodeJS.Timeout | undefined;
  const heartbeat = (): void => {
    clearTimeout(silence);
    if (heartbeatMs !== undefined) silence = timer(heartbeatMs, () => limit.abort(new Aborted('heartbeatLost', `no sign of life for ${heartbeatMs} ms`)));
  };
  heartbeat();
  return {
    signal: AbortSignal.any([signal, limit.signal]),
    heartbeat,
    [Symbol.dispose]: () => {
      clearTimeout(timeout);
      clearTimeout(silence);
    },
  };
}

/** setTimeout counts in 31 bits; a longer time is as good as none for one process. */
const LONGEST_MS = 2 ** 31 - 1;
function timer(ms: number, then: () => void): NodeJS.Timeout {
  return setTimeout(then, Math.min(ms, LONGEST_MS));
}

/**
 * Wait for an effect, but not for ever: one that does not end within the grace time after it was aborted is left behind.
 *
 * @throws whatever the effect throws, or the reason of the signal.
 */
export async function settleWithin<T>(effect: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const given = Promise.withResolvers<never>();
  const giveUp = (): void => void (late = setTimeout(() => given.reject(signal.reason as Error), graceMs)); // a reason is always an error here
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([effect, given.promise]);
  } finally {
    // Else a later abort would keep the process alive for the grace time of every effect that ended long ago.
    signal.removeEventListener('abort', giveUp);
    clearTimeout(late);
  }
}
