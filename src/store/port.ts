import type { Digest, Json, JsonObject } from '../core/index.ts';

/**
 * What a server keeps beside the journal, in the same database: documents, queues, locks, and the audit. Everything is JSON and durable (fsync) when a
 * call resolves; no value may hold a secret. One store may be opened by many processes.
 */
export interface Store extends AsyncDisposable {
  readonly documents: Documents;
  readonly queues: Queues;
  readonly locks: Locks;
  readonly audit: Audit;
}

/** Small values under a key, changed by compare and set. */
export interface Documents {
  get(collection: string, key: string): Promise<StoredDocument | undefined>;
  /**
   * Write a document.
   *
   * @param options `ifVersion` must be the version that is stored; 0 means that there must be none.
   * @returns its new version, which no document of this store has ever had.
   * @throws {SlipwayError} `STORE_CONFLICT`.
   */
  put(collection: string, key: string, value: Json, options?: { readonly ifVersion?: number }): Promise<{ readonly version: number }>;
  /** Remove a document; nothing to remove is no error, unless a version was asked for. @throws {SlipwayError} `STORE_CONFLICT`. */
  delete(collection: string, key: string, options?: { readonly ifVersion?: number }): Promise<void>;
  /** In the order of the bytes of their keys; 1,000 at most unless told. */
  list(
    collection: string,
    query?: { readonly prefix?: string; readonly after?: string; readonly limit?: number },
  ): Promise<readonly (StoredDocument & { readonly key: string })[]>;
}
export interface StoredDocument {
  readonly value: Json;
  readonly version: number;
  readonly updatedAt: number;
}

/** Work that must be done once it was accepted, by whoever comes first. */
export interface Queues {
  /** Accept a job. The same id again, also after it has ended and until it is swept, changes nothing. */
  enqueue(queue: string, job: NewJob): Promise<{ readonly fresh: boolean; readonly state: JobState }>;
  /**
   * Take the oldest job that may be done now. Jobs of one order key are done one after the other, in the order in which they were accepted: the next one
   * waits until the one before is done or dead. A job whose claim has expired is given out again, or is dead after its last attempt.
   */
  claim(queue: string, owner: string, ttlMs: number): Promise<Claim | undefined>;
  /** @throws {SlipwayError} `STORE_FENCED` when the claim has passed to somebody else or has ended. */
  heartbeat(claim: Claim, ttlMs: number): Promise<void>;
  /** End a job well; the same once more changes nothing. @throws {SlipwayError} `STORE_FENCED`. */
  finish(claim: Claim, outcome: Json): Promise<void>;
  /** Give a job back, to be tried again at a time, or never; it is dead when that was its last attempt. @throws {SlipwayError} `STORE_FENCED`. */
  fail(claim: Claim, failure: { readonly retryAt: number | 'never'; readonly reason: string }): Promise<JobState>;
  /** For operators: jobs in the order in which they would be done, then those that have ended. */
  peek(queue: string, query?: { readonly states?: readonly JobState[]; readonly limit?: number }): Promise<readonly Job[]>;
  /** How many jobs of each state every queue has. */
  counts(): Promise<readonly QueueCounts[]>;
  /** Give a dead job its attempts again; it goes to the end of its queue. @throws {SlipwayError} `JOB_NOT_DEAD`. */
  revive(queue: string, id: string): Promise<void>;
  /** Forget jobs that ended well before a time: from then on their ids are accepted again. Dead ones stay. */
  sweep(endedBefore: number): Promise<number>;
}
export type JobState = 'ready' | 'claimed' | 'done' | 'dead';
export interface NewJob {
  readonly id: string;
  readonly payload: Json;
  /** Milliseconds since the epoch; at once unless told. */
  readonly notBefore?: number;
  readonly orderKey?: string;
  /** Attempts before it is dead; 10 unless told. */
  readonly maxAttempts?: number;
}
export interface Job extends NewJob {
  readonly state: JobState;
  readonly attempts: number;
  readonly enqueuedAt: number;
  readonly claim?: { readonly owner: string; readonly expiresAt: number };
  /** Why the last attempt failed. */
  readonly reason?: string;
  readonly outcome?: Json;
  readonly endedAt?: number;
}
/** The right to do a job; `token` grows with every claim of it. */
export interface Claim {
  readonly queue: string;
  readonly id: string;
  readonly owner: string;
  readonly token: number;
  readonly attempt: number;
  readonly payload: Json;
  readonly orderKey?: string;
}
export interface QueueCounts {
  readonly queue: string;
  /** May be claimed now, as far as its time goes. */
  readonly ready: number;
  /** Waits for its time. */
  readonly delayed: number;
  readonly claimed: number;
  readonly done: number;
  readonly dead: number;
  /** When the oldest job that has not ended was accepted. */
  readonly oldestAt?: number;
}

/** Mutual exclusion across processes: first come, first served, and never taken away before it has expired. */
export interface Locks {
  /**
   * Take a lock, or a place in its queue. Asked again by the same holder and run it renews what they have. Whoever waits asks again before its time is over, or
   * loses its place.
   */
  acquire(lock: string, request: LockRequest): Promise<LockAnswer>;
  /** @throws {SlipwayError} `STORE_FENCED` when somebody else has taken it since. */
  heartbeat(held: HeldLock, ttlMs: number): Promise<void>;
  /** Give it back, or do nothing when it is not held any more. */
  release(held: HeldLock): Promise<void>;
  /** Leave the queue. */
  withdraw(lock: string, who: { readonly holder: string; readonly runId: string }): Promise<void>;
  /** Who waits, first come first. */
  waiters(lock: string): Promise<readonly Waiter[]>;
  /** Locks that are held or waited for. */
  locks(): Promise<readonly LockRow[]>;
  /** What one run of one holder has, by name. */
  heldBy(who: { readonly holder: string; readonly runId: string }): Promise<readonly (HeldLock & { readonly expiresAt: number })[]>;
}
export interface LockRequest {
  readonly holder: string;
  readonly runId: string;
  readonly ttlMs: number;
  /** Wait in the queue when somebody has it. */
  readonly queue: boolean;
}
export type LockAnswer =
  | ({ readonly state: 'held' } & HeldLock)
  /** `position` counts from 1. */
  | { readonly state: 'waiting'; readonly position: number; readonly heldBy?: LockHolder }
  | { readonly state: 'refused'; readonly waiting: number; readonly heldBy?: LockHolder };
export interface HeldLock {
  readonly lock: string;
  readonly holder: string;
  readonly runId: string;
  /** Grows with every new holder. */
  readonly token: number;
}
export interface LockHolder {
  readonly holder: string;
  readonly runId: string;
  readonly since: number;
  readonly expiresAt: number;
}
export interface Waiter {
  readonly holder: string;
  readonly runId: string;
  readonly since: number;
  readonly position: number;
}
export interface LockRow {
  readonly lock: string;
  readonly heldBy?: LockHolder & { readonly token: number };
  readonly waiting: number;
}

/** What people and machines did, append-only and hash-chained like the events of a run. */
export interface Audit {
  append(entry: AuditEntry): Promise<StoredAudit>;
  read(query?: AuditQuery): Promise<readonly StoredAudit[]>;
  /** Recompute the chain; the first broken record when it does not hold. */
  verify(): Promise<VerifiedAudit>;
}
export interface AuditEntry {
  /** `user:ada`, `schedule:nightly`, `system`. */
  readonly actor: string;
  /** For example `journal.prune`. */
  readonly action: string;
  /** What it was done to. */
  readonly object: string;
  readonly details?: JsonObject;
}
export interface StoredAudit extends Required<AuditEntry> {
  readonly seq: number;
  readonly at: number;
  readonly prev: Digest;
  readonly hash: Digest;
}
export interface AuditQuery {
  readonly afterSeq?: number;
  /** For pages from the newest back. */
  readonly beforeSeq?: number;
  readonly action?: string;
  readonly object?: string;
  /** The newest ones when there are more; 1,000 unless told. */
  readonly limit?: number;
}
export type VerifiedAudit =
  { readonly ok: true; readonly records: number; readonly head: Digest } | { readonly ok: false; readonly seq: number; readonly why: string };
