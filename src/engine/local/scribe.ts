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

export function createScribe({ clock, ...sources }: ScribeSources): Scribe {
  const queue = createQueue(sources);
  let timer: AbortController | undefined;
  const flush = (): void => {
    timer?.abort();
    timer = undefined;
    void queue.flush();
  };
  const write = (events: readonly EventBody[]): Promise<void> => {
    const isFirst = queue.length() === 0 || timer !== undefined;
    const written = queue.add(events);
    // Others who come before the next turn share it.
    if (isFirst) setImmediate(flush);
    return written;
  };
  return {
    intent: (event) => write([event]),
    write: (events) => (events.length + queue.length() === 0 ? queue.settled() : write(events)),
    result: (event) => {
      void queue.add([event]);
      if (queue.length() >= MOST_WAITING) flush();
      else if (!timer && queue.length() === 1) {
        const started = (timer = new AbortController());
        clock.sleep(RESULT_WAITS_MS, started.signal).then(flush, () => undefined);
      }
    },
  };
}

interface Queue {
  length(): number;
  /** Resolves once these are durable, which takes a `flush`. */
  add(events: readonly EventBody[]): Promise<void>;
  flush(): Promise<void>;
  /** Resolves once what is being written is durable. */
  settled(): Promise<void>;
}

function createQueue({ append, fail }: Omit<ScribeSources, 'clock'>): Queue {
  let waiting: EventBody[] = [];
  let written = Promise.withResolvers<void>();
  let isFlushing = false;
  let writing = Promise.resolve();
  return {
    length: () => waiting.length,
    settled: () => writing,
    add: (events) => {
      waiting.push(...events);
      return written.promise;
    },
    flush: async () => {
      // One transaction at a time: what comes meanwhile goes into the next one together.
      if (isFlushing) return;
      isFlushing = true;
      while (waiting.length > 0) {
        const [events, done] = [waiting, written];
        waiting = [];
        written = Promise.withResolvers();
        writing = done.promise;
        writing.catch(() => undefined); // perhaps nobody waits for it
        try {
          await append(events);
          done.resolve();
        } catch (cause) {
          fail(cause);
          done.reject(cause);
        }
      }
      isFlushing = false;
    },
  };
}
