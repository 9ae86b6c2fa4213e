import { canonicalJson, type Digest, digestOf, digestOfBytes, type Json, type JsonObject } from '../core/index.ts';
import type { AuditEntry, StoredAudit, VerifiedAudit } from './port.ts';

/** A row as a database gives it; numbers may come as text. */
export type Row = Record<string, unknown>;

/** What the first record points back to. */
export const AUDIT_GENESIS: Digest = digestOfBytes('slipway audit v1');

export interface AuditHead {
  readonly seq: number;
  readonly hash: Digest;
}

/** Continue the chain. */
export function linkAudit(head: AuditHead, entries: readonly AuditEntry[], at: number): readonly StoredAudit[] {
  let { seq, hash: prev } = head;
  return entries.map(({ actor, action, object, details = {} }) => {
    seq += 1;
    const record = { seq, at, actor, action, object, details, prev };
    prev = digestOf(record);
    return { ...record, hash: prev };
  });
}

export function auditOf(row: Row): StoredAudit {
  return {
    seq: Number(row['seq']),
    at: Number(row['at']),
    actor: String(row['actor']),
    action: String(row['action']),
    object: String(row['object']),
    details: JSON.parse(String(row['details'])) as JsonObject, // written by append
    prev: String(row['prev']) as Digest,
    hash: String(row['hash']) as Digest,
  };
}

/** The chain, the bytes of the details, and its end, which is kept apart so that records missing at the end are noticed. */
export function verifyAudit(rows: readonly Row[], head: AuditHead): VerifiedAudit {
  let prev = AUDIT_GENESIS;
  for (const [index, row] of rows.entries()) {
    const seq = index + 1;
    if (Number(row['seq']) !== seq) return { ok: false, seq, why: `record ${seq} is missing` };
    const why = whyBroken(row, prev);
    if (why !== undefined) return { ok: false, seq, why: `record ${seq} ${why}` };
    prev = String(row['hash']) as Digest;
  }
  if (rows.length !== head.seq)
    return { ok: false, seq: Math.min(rows.length, head.seq) + 1, why: `${rows.length} records are there and ${head.seq} were written` };
  if (prev !== head.hash) return { ok: false, seq: rows.length, why: 'the last record is not the one that was written last' };
  return { ok: true, records: rows.length, head: prev };
}

function whyBroken(row: Row, prev: Digest): string | undefined {
  if (row['prev'] !== prev) return 'does not follow the one before';
  const changed = 'was changed after it was written';
  const details = parsed(String(row['details']));
  if (details === undefined || canonicalJson(details) !== row['details']) return changed;
  const { hash, ...record } = auditOf(row);
  return digestOf(record) === hash ? undefined : changed;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // any JSON will do: it is compared with its own canonical form
  } catch {
    return undefined;
  }
}
