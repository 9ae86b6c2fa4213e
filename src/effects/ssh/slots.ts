import { once } from './once.ts';

/** A bounded number of things at a time; the others wait in the order they came. */
export interface Slots {
  /** Waits for a place; the function it gives back frees the place, once. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>;
  /** Change how many places there are; at least one. */
  resize(limit: number): void;
  limit(): number;
}

export function createSlots(initial: number): Slots {
  let limit = initial;
  let taken = 0;
  const waiting: (() => void)[] = [];
  const isFree = (): boolean => taken < Math.max(1, Math.floor(limit));
  const admit = (): void => {
    while (isFree() && waiting.length > 0) waiting.shift()?.();
  };
  const place = (): (() => void) => {
    taken++;
    return once(() => {
      taken--;
      admit();
    });
  };
  const queue = (signal: AbortSignal): Promise<() => void> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(place());
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(signal.reason as Error); // the reason of an abort is whatever its owner chose
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(enter);
      admit();
    });
  return {
    // Mostly there is room, and nobody to wait behind.
    take: (signal) => (!signal.aborted && waiting.length === 0 && isFree() ? Promise.resolve(place()) : queue(signal)),
    resize: (wanted) => {
      limit = Math.max(1, wanted);
      admit();
    },
    limit: () => limit,
  };
}
