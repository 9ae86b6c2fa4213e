import type { EventBody } from '../events.ts';
import type { Journal, Lease } from '../../journal/index.ts';

/** Keep a lease alive until disposed; its signal aborts when the lease is lost. */
export function holdLease(journal: Journal<EventBody>, lease: Lease, ttlMs: number): AsyncDisposable & { readonly signal: AbortSignal } {
  const lost = new AbortController();
  const beat = setInterval(() => {
    journal.heartbeat(lease, ttlMs).catch((cause: unknown) => {
      clearInterval(beat);
      lost.abort(cause);
    });
  }, ttlMs / 3);
  return {
    signal: lost.signal,
    [Symbol.asyncDispose]: async () => {
      clearInterval(beat);
      if (!lost.signal.aborted) await journal.release(lease);
    },
  };
}
