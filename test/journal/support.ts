import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/core/index.ts';
import { type Journal, type JournalOptions, type Lease, type NewRun, openJournal } from '../../src/journal/index.ts';

export interface Body {
  readonly type: string;
  readonly n?: number;
  readonly text?: string;
}
export const RUN: NewRun = { id: 'run-20261123-0000000000', runbook: 'r', planDigest: 'sha256:p', createdAt: 1, rehearsal: false, labels: {} };

/** A folder of its own, removed afterwards with the journals that were opened in it. */
export function place(): { readonly dir: string; readonly open: (options?: Partial<JournalOptions>) => Journal<Body> } & AsyncDisposable {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-journal-'));
  const opened: Journal<Body>[] = [];
  return {
    dir,
    open: (options = {}) => {
      const journal = openJournal<Body>({ dir, clock: systemClock, ...options });
      opened.push(journal);
      return journal;
    },
    [Symbol.asyncDispose]: async () => {
      for (const journal of opened) await journal[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export async function leaseOf(journal: Journal<Body>, owner = 'a:1', ttlMs = 60_000): Promise<Lease> {
  const lease = await journal.acquire(RUN.id, owner, ttlMs);
  if ('heldBy' in lease) throw new Error(`held by ${lease.heldBy}`);
  return lease;
}

export function fakeClock(start = 1_000): Clock & { at: number } {
  const clock = { at: start, now: () => clock.at, monotonic: () => clock.at, sleep: () => Promise.resolve() };
  return clock;
}
