import type { Clock } from '../../core/index.ts';
import type { EventBody } from '../events.ts';
import type { Journal, Lease } from '../../journal/index.ts';

export interface Holding {
  readonly journal: Journal<EventBody>;
  readonly clock: Clock;
  readonly ttlMs: number;
}

/**
 * Keep a lease alive until disposed; its signal aborts when the lease is lost: at once when another process has it, and when the store could not
 * be reached for so long that another process may have it soon.
 */
export function holdLease(lease: Lease, { journal, clock, ttlMs }: Holding): AsyncDisposable & { readonly signal: AbortSignal } {
  const lost = new AbortController();
  const done = new AbortController();
  const beating = beat(lease, { journal, clock, ttlMs }, done.signal).catch((cause: unknown) => lost.abort(cause));
  return {
    signal: lost.signal,
    [Symbol.asyncDispose]: async () => {
      done.abort();
      await beating;
      // One that cannot be given back runs out by itself; how the run stands is on record all the same.
      if (!lost.signal.aborted) await journal.release(lease).catch(() => undefined);
    },
  };
}

/** @throws what the store says when the lease is lost. */
async function beat(lease: Lease, { journal, clock, ttlMs }: Holding, signal: AbortSignal): Promise<void> {
  let provenAt = clock.monotonic();
  for (;;) {
    await clock.sleep(ttlMs / 3, signal).catch(() => undefined);
    if (signal.aborted) return;
    const asked = clock.monotonic();
    try {
      await journal.heartbeat(lease, ttlMs);
      provenAt = asked;
    } catch (cause) {
      const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'JOURNAL_FENCED';
      if (isTaken || clock.monotonic() - provenAt > ttlMs / 2) throw cause;
    }
  }
}
