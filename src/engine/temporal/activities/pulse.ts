import type { Clock } from '../../../core/index.ts';
import { Aborted } from '../../local/failure.ts';

/** What the server says to a sign of life. */
export type Beat = 'ok' | 'cancelled' | 'gone';

export interface PulseOptions {
  readonly clock: Clock;
  /** Tell the server that we live. Rejects when it does not answer. */
  readonly beat: () => Promise<Beat>;
  /** After so long without an answer the server takes us for dead. */
  readonly heartbeatMs: number;
  /** Aborts when the worker has to go. */
  readonly shutdown: AbortSignal;
}
/** The tie between an effect and the server. */
export interface Pulse extends Disposable {
  /** Aborted when the effect has to end. */
  readonly signal: AbortSignal;
  /** The server counts on another worker by now, or this one has to go: what the effect says does not count any more. */
  readonly isLost: () => boolean;
  /** End the effect, for a reason for which what it says does not count. */
  readonly lose: (why: Error) => void;
}

/**
 * Keep the server informed while an effect goes on, and end the effect when it has to: because it was cancelled, or because the server has not answered for so
 * long that it may have given the effect to somebody else. A worker that was frozen finds that out before it does anything more.
 */
export function startPulse({ clock, beat, heartbeatMs, shutdown }: PulseOptions): Pulse {
  const end = new AbortController();
  let isLost = false;
  let heardAt = clock.monotonic();
  let isAsking = false;
  const lose = (why: Error): void => {
    isLost = true;
    end.abort(why);
  };
  const ask = async (): Promise<void> => {
    const askedAt = clock.monotonic();
    isAsking = true;
    try {
      const answer = await beat();
      if (answer === 'gone') lose(new Error('the server has given this step up'));
      else heardAt = askedAt;
      if (answer === 'cancelled') end.abort(new Aborted('cancelled', 'cancelled'));
    } catch {
      // No answer: the time since the last one decides.
    } finally {
      isAsking = false;
    }
  };
  // Asked also in between: one that was frozen goes on before the next tick.
  const isStale = (): boolean => clock.monotonic() - heardAt > heartbeatMs * FENCE;
  const tick = setInterval(() => {
    if (isStale()) lose(new Error(`the server has not answered for ${heartbeatMs} ms`));
    else if (!isAsking) void ask();
  }, betweenMs(heartbeatMs));
  const leave = (): void => lose(new Error('the worker has to go'));
  if (shutdown.aborted) leave();
  else shutdown.addEventListener('abort', leave, { once: true });
  return {
    signal: end.signal,
    isLost: () => isLost || isStale(),
    lose,
    [Symbol.dispose]: () => {
      clearInterval(tick);
      shutdown.removeEventListener('abort', leave);
    },
  };
}

/** Signs of life per time limit. */
const BEATS = 5;
/** The server tells in its answers that an effect has to end, and nobody should wait long for that. */
const MOST_BETWEEN_MS = 1_000;
/** An effect ends before the server may begin it elsewhere. */
const FENCE = 0.9;

function betweenMs(heartbeatMs: number): number {
  return Math.min(MOST_BETWEEN_MS, heartbeatMs / BEATS);
}
