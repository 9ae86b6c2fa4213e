import { setTimeout as delay } from 'node:timers/promises';
import { once } from 'node:events';
import type { Store } from './database.ts';
import type { Journal, StoredEvent } from '../port.ts';

/** Without a reason of its own, every abort would make an error that nobody sees. */
const WOKEN = new Error('woken');
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
        await nextChance(store, signal);
      }
    },
  };
}

async function nextChance(store: Store, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const ended = (): void => undefined; // aborted: whoever follows looks at the signal itself
  await Promise.race([delay(POLL_MS, undefined, { signal: either }).catch(ended), once(store.events, 'written', { signal: either }).catch(ended)]);
  stop.abort(WOKEN);
}
