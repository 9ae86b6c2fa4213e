import type { Store } from './database.ts';
import type { Journal, StoredEvent } from '../port.ts';

/** How often other processes' writes are looked for; writes of this process wake the reader at once. */
const POLL_MS = 100;

export function createFollower<Body extends { readonly type: string }>(
  store: Store,
  read: (runId: string, afterSeq: number) => readonly StoredEvent<Body>[],
): Pick<Journal<Body>, 'follow'> {
  return {
    async *follow(runId, afterSeq, signal) {
      let seq = afterSeq;
      while (!signal.aborted && !store.closed) {
        for (const event of read(runId, seq)) {
          seq = event.seq;
          yield event;
          if (signal.aborted) return;
        }
        await nextChance(store, runId, signal);
      }
    },
  };
}

/** Name of what is emitted after something was written to a run: nobody is woken by the other ones. */
export function writtenTo(runId: string): string {
  return `written ${runId}`;
}

/** Until something may be there. Follows many runs at once, and so makes nothing that has to be cleared away. */
function nextChance({ events }: Store, runId: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      events.off(writtenTo(runId), end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, POLL_MS);
    events.on(writtenTo(runId), end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
