import type { Clock } from '../../core/index.ts';

/** Without a reason of its own, every abort would make an error that nobody sees. */
const CALLED_OFF = new Error('called off');

/** Call back later. Nearly every time limit is called off, so that is made cheap. @returns how to call it off. */
export function startTimer(clock: Clock, ms: number, call: () => void): () => void {
  if (clock.later) return clock.later(ms, call);
  const stop = new AbortController();
  clock.sleep(ms, stop.signal).then(call, () => undefined);
  return () => stop.abort(CALLED_OFF);
}
