import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../src/core/index.ts';
import type { EventBody } from '../../../src/engine/index.ts';
import { type Journal, openJournal } from '../../../src/journal/index.ts';
import { openSqliteStore, type Store } from '../../../src/store/index.ts';

/** A journal and the store beside it, in a folder of their own. */
export interface Place extends AsyncDisposable {
  readonly dir: string;
  readonly journal: Journal<EventBody>;
  readonly store: Store;
}

export function openPlace(clock: Clock = systemClock): Place {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-operate-'));
  const journal = openJournal<EventBody>({ dir, clock });
  const store = openSqliteStore({ dir, clock });
  return {
    ...{ dir, journal, store },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A clock that a test moves; sleeping moves it. */
export function movedClock(start = Date.UTC(2026, 10, 23, 10)): Clock & { readonly advance: (ms: number) => void } {
  let now = start;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
      await new Promise((done) => setImmediate(done));
    },
    advance: (ms) => void (now += ms),
  };
}

/** Look again and again until there is something to see. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((done) => setTimeout(done, 20))) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`${what}: not within 30 s`);
}
