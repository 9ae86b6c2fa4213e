import { Secret } from '../../../src/core/index.ts';
import type { Archive, Journal, JournalOptions, Lease, NewRun } from '../../../src/journal/index.ts';

export interface Body {
  readonly type: string;
  readonly n?: number;
  readonly text?: string;
}
export const RUN: NewRun = { id: 'run-20261123-0000000000', runbook: 'r', planDigest: 'sha256:p', createdAt: 1, rehearsal: false, labels: {} };

/** The same for every place, so that secrets can be carried from one to another. */
export const VAULT_KEY = { from: 'setting', key: new Secret('0'.repeat(64)) } as const;

/** A journal of its own for one test, of whatever store. */
export interface Place extends AsyncDisposable {
  /** Another opening of the same journal, as another process would have it. */
  open(options?: Partial<Pick<JournalOptions, 'onBoundary' | 'isDead' | 'vaultKey'>>): Promise<Journal<Body>>;
  openArchive(): Promise<Archive>;
  /** Let time go by for leases. */
  later(ms: number): Promise<void>;
  /** SQL behind the journal's back. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
  /** Everything of it that is on a disk. */
  atRest(): Promise<readonly Uint8Array[]>;
}
/** What a suite of tests is run on. */
export interface StoreUnderTest {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing?: string | undefined;
  place(): Promise<Place>;
}

export async function leaseOf(journal: Journal<Body>, owner = 'a:1', ttlMs = 60_000): Promise<Lease> {
  const lease = await journal.acquire(RUN.id, owner, ttlMs);
  if ('heldBy' in lease) throw new Error(`held by ${lease.heldBy}`);
  return lease;
}
