import type { Clock } from '../../core/index.ts';

/** Do one thing after the other, with a pause between. */
export type Turns = <T>(action: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** @param gapMs from the end of one to the start of the next. */
export function createTurns(clock: Clock, gapMs: number): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let freeAt = 0;
  return (action, signal) => {
    const turn = last.then(async () => {
      signal?.throwIfAborted();
      const wait = freeAt - clock.monotonic();
      if (wait > 0) await clock.sleep(wait, signal);
      try {
        return await action();
      } finally {
        freeAt = clock.monotonic() + gapMs;
      }
    });
    last = turn.catch(() => undefined);
    return turn;
  };
}
