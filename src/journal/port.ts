import type { Digest, Json, Secret } from '../core/index.ts';

/** What else is written together with projected events. */
export interface AfterProjection {
  /** What the run is after the last of them. */
  readonly state?: string;
  /** They are the last ones: give back the lease. */
  readonly release?: boolean;
}

/**
 * Append-only truth about runs, generic over the body of an event so that the journal knows no engine.
 * One store may be opened by many processes; writes of a run carry the fencing token of its lease.
 */
export interface Journal<Body extends { readonly type: string }> extends AsyncDisposable {
  /** Create a run with its first event. Idempotent for the same id and digest of the first event. */
  create(run: NewRun, first: Body): Promise<void>;
  /**
   * Append events of one run in one transaction; resolves once they are durable (fsync). Concurrent calls share one
   * fsync (group commit). With a state, the summary column is set in the same transaction: a run that has ended must not be listed as going on.
   *
   * @throws {SlipwayError} `JOURNAL_FENCED` when a newer lease exists, `JOURNAL_FULL`, `JOURNAL_READ_ONLY`, `JOURNAL_IO`.
   */
  append(runId: string, bodies: readonly Body[], lease: Lease, state?: string): Promise<readonly StoredEvent<Body>[]>;
  /**
   * Write events that another engine has numbered and timed already: its history is what happened, and this is its copy for people. Idempotent: what is
   * here already is compared and not written again, so each event is written once, in order, however often and late its message comes. A lease that is
   * given back goes in the same transaction; who holds its token may still have the same message compared.
   *
   * @returns what was written now: nothing when all of it was here.
   * @throws {SlipwayError} `JOURNAL_FENCED`; `JOURNAL_GAP` when an event before is missing; `JOURNAL_DIVERGED` when another event has that number.
   */
  project(lease: Lease, events: readonly TimedEvent<Body>[], after?: AfterProjection): Promise<readonly StoredEvent<Body>[]>;
  /** Append an event from outside the driver (a vote, a signal, a cancel) without a lease; `id` deduplicates. */
  post(runId: string, body: Body, id: string): Promise<{ readonly seq: number; readonly fresh: boolean }>;
  read(runId: string, afterSeq?: number): Promise<readonly StoredEvent<Body>[]>;
  /** Events as they come, also from other processes, until the signal aborts. */
  follow(runId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<StoredEvent<Body>>;
  runs(query?: RunQuery): Promise<readonly RunRow[]>;
  run(runId: string): Promise<RunRow | undefined>;
  /** Keep the summary columns that lists show in step with the events. */
  setState(runId: string, state: string, lease: Lease): Promise<void>;
  acquire(runId: string, owner: string, ttlMs: number): Promise<Lease | { readonly heldBy: string; readonly expiresAt: number }>;
  /** @throws {SlipwayError} `JOURNAL_FENCED`. */
  heartbeat(lease: Lease, ttlMs: number): Promise<void>;
  release(lease: Lease): Promise<void>;
  /** Store a secret encrypted; the reference is safe to print. */
  seal(runId: string, secret: Secret): Promise<string>;
  unseal(reference: string): Promise<Secret>;
  /** Text output of a task, outside the hash chain. Must be masked before it comes here. */
  log(lines: readonly LogLine[]): Promise<void>;
  logs(runId: string, query?: LogQuery): Promise<readonly StoredLogLine[]>;
  putEvidence(runId: string, bytes: Uint8Array): Promise<Digest>;
  evidence(digest: Digest): Promise<Uint8Array | undefined>;
  /** Recompute the chain; the first broken event when it does not hold. */
  verify(runId: string): Promise<Verified>;
}
export type Verified =
  { readonly ok: true; readonly events: number; readonly head: Digest } | { readonly ok: false; readonly seq: number; readonly why: string };
export interface NewRun {
  readonly id: string;
  readonly runbook: string;
  readonly planDigest: Digest;
  readonly createdAt: number;
  readonly concurrencyGroup?: string;
  readonly rehearsal: boolean;
  readonly labels: { readonly [name: string]: Json };
}
export interface RunRow extends NewRun {
  /** Grows with every run that is created, across all processes. */
  readonly order: number;
  readonly state: string;
  readonly updatedAt: number;
  readonly lastSeq: number;
  readonly lease?: { readonly owner: string; readonly token: number; readonly expiresAt: number };
}
export interface RunQuery {
  readonly states?: readonly string[];
  readonly runbook?: string;
  readonly concurrencyGroup?: string;
  /** Only runs behind this one in the list; for pages. */
  readonly before?: Pick<RunRow, 'createdAt' | 'order'>;
  readonly limit?: number;
}
/** The right to drive one run; `token` grows with every new holder. */
export interface Lease {
  readonly runId: string;
  readonly owner: string;
  readonly token: number;
}
export interface StoredEvent<Body> {
  readonly runId: string;
  readonly seq: number;
  readonly at: number;
  readonly body: Body;
  readonly prev: Digest;
  readonly hash: Digest;
}
/** An event with its number and time, before it is in the chain. */
export type TimedEvent<Body> = Pick<StoredEvent<Body>, 'seq' | 'at' | 'body'>;
export interface LogLine {
  readonly runId: string;
  readonly path: string;
  readonly attempt: number;
  readonly at: number;
  readonly host?: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}
export interface StoredLogLine extends LogLine {
  readonly id: number;
}
export interface LogQuery {
  readonly path?: string;
  readonly host?: string;
  readonly afterId?: number;
  readonly limit?: number;
}
