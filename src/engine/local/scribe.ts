import type { Clock } from '../../core/index.ts';
import type { EventBody } from '../events.ts';

/** A result waits so long for others, and for the next intent, to share one transaction with it. What a crash takes meanwhile is in doubt, as it was before. */
const RESULT_WAITS_MS = 20;
const MOST_WAITING = 200;

/** Writes down what happens on hosts. Thousands of them share a transaction by the dozen, in the order in which things happened. */
export interface Scribe {
  /** An intent: resolves once it is durable. */
  intent(event: EventBody): Promise<void>;
  /** A result: it will be written soon, and before anything that is written later. */
  result(event: EventBody): void;
  /** Write these, and what waits before them; resolves once all of it is durable. */
  write(events: readonly EventBody[]): Promise<void>;
}

export interface ScribeSources {
  readonly clock: Clock;
  readonly append: (events: readonly EventBody[]) => Promise<void>;
  /** What could not be written must not become the failure of a step: nobody knows any more what is true. */
  readonly fail: (cause: unknown) => void;
}

export function createScribe({ clock, append, fail }: ScribeSources): Scribe {
  let waiting: EventBody[] = [];
  let written = Promise.withResolvers<void>();
  let timer: AbortController | undefined;
  let isFlushing = false;
  const flush = async (): Promise<void> => {
    timer?.abort();
    timer = undefined;
    // One transaction at a time: what comes meanwhile goes into the next one together.
    if (isFlushing) return;
    isFlushing = true;
    while (waiting.length > 0) {
      const [events, done] = [waiting, written];
      waiting = [];
      written = Promise.withResolvers();
      done.promise.catch(() => undefined); // nobody waits for results
      try {
        await append(events);
        done.resolve();
      } catch (cause) {
        fail(cause);
        done.reject(cause);
      }
    }
    isFlushing = false;
  };
  const write = async (events: readonly EventBody[]): Promise<void> => {
    const isFirst = waiting.length === 0 || timer !== undefined;
    waiting.push(...events);
    if (waiting.length === 0) return;
    const { promise } = written;
    // Others who come before the next turn share it.
    if (isFirst) setImmediate(() => void flush());
    return promise;
  };
  return {
    intent: (event) => write([event]),
    write,
    result: (event) => {
      waiting.push(event);
      if (waiting.length >= MOST_WAITING) void flush();
      else if (!timer && waiting.length === 1) {
        const started = (timer = new AbortController());
        clock.sleep(RESULT_WAITS_MS, started.signal).then(flush, () => undefined);
      }
    },
  };
}
