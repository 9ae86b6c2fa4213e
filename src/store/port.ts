import type { Json, JsonObject } from '../core/index.ts';

/** What lives beside the journal and is as durable: documents, queues, audit. Many processes may share one store. */
export interface Store extends AsyncDisposable {
  readonly documents: Documents;
  readonly queues: Queues;
  readonly audit: Audit;
}

export interface Documents {
  get(collection: string, key: string): Promise<{ readonly value: Json; readonly version: number } | undefined>;
  /**
   * Resolves once it is durable. With `ifVersion` only over that version; 0 means that there must be none.
   *
   * @throws {SlipwayError} `STORE_CONFLICT`.
   */
  put(collection: string, key: string, value: Json, options?: { readonly ifVersion?: number }): Promise<number>;
  delete(collection: string, key: string, options?: { readonly ifVersion?: number }): Promise<void>;
  /** In the order of keys, those after `after`. */
  list(collection: string, query?: DocumentQuery): Promise<readonly StoredDocument[]>;
}
export interface DocumentQuery {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
}
export interface StoredDocument {
  readonly key: string;
  readonly value: Json;
  readonly version: number;
}

export interface Queues {
  /** Resolves once it is durable. Idempotent by id, also after the item is done. */
  enqueue(queue: string, item: NewItem): Promise<{ readonly fresh: boolean }>;
  /** The oldest item that is due and whose order key nobody works on; it is this owner's for so long. */
  claim(queue: string, owner: string, ttlMs: number): Promise<Claim | undefined>;
  /** @throws {SlipwayError} `STORE_FENCED` when the claim is somebody else's by now. */
  heartbeat(claim: Claim, ttlMs: number): Promise<void>;
  /** @throws {SlipwayError} `STORE_FENCED`. */
  finish(claim: Claim, outcome: Json): Promise<void>;
  /** Try again at a time, or never: then it is a dead letter. @throws {SlipwayError} `STORE_FENCED`. */
  fail(claim: Claim, failure: { readonly retryAt?: number; readonly reason: string }): Promise<void>;
}
export interface NewItem {
  readonly id: string;
  readonly payload: Json;
  /** Milliseconds since the epoch. */
  readonly notBefore?: number;
  /** Items with the same one are worked on one at a time, in their order. */
  readonly orderKey?: string;
}
export interface Claim {
  readonly queue: string;
  readonly id: string;
  readonly payload: Json;
  /** How often it was claimed, this time included. */
  readonly attempt: number;
  readonly owner: string;
  readonly token: number;
}

export interface Audit {
  append(entry: NewAuditEntry): Promise<AuditEntry>;
  /** Oldest first, those after a sequence number. */
  read(query?: { readonly afterSeq?: number; readonly limit?: number }): Promise<readonly AuditEntry[]>;
  verify(): Promise<{ readonly ok: true; readonly entries: number } | { readonly ok: false; readonly seq: number; readonly why: string }>;
}
export interface NewAuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly details: JsonObject;
}
export interface AuditEntry extends NewAuditEntry {
  readonly seq: number;
  readonly at: number;
}
