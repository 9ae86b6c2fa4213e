import type { Json } from '../core/index.ts';
import type { Row } from './audit-chain.ts';
import type { Claim, HeldLock, Job, JobState, LockHolder, LockRow, QueueCounts, StoredDocument } from './port.ts';

/** Rows to values, the same for both databases: their columns have the same names. */

export function documentOf(row: Row): StoredDocument & { readonly key: string } {
  return { key: String(row['key']), value: jsonOf(row['value']), version: Number(row['version']), updatedAt: Number(row['updated_at']) };
}

export function jobOf(row: Row): Job {
  const owner = row['claim_owner'];
  return {
    id: String(row['id']),
    payload: jsonOf(row['payload']),
    state: String(row['state']) as JobState, // only we write it
    attempts: Number(row['attempts']),
    maxAttempts: Number(row['max_attempts']),
    enqueuedAt: Number(row['enqueued_at']),
    notBefore: Number(row['not_before']),
    ...(typeof row['order_key'] === 'string' ? { orderKey: row['order_key'] } : {}),
    ...(typeof owner === 'string' ? { claim: { owner, expiresAt: Number(row['claim_expires']) } } : {}),
    ...(typeof row['reason'] === 'string' ? { reason: row['reason'] } : {}),
    ...(typeof row['outcome'] === 'string' ? { outcome: jsonOf(row['outcome']) } : {}),
    ...(row['ended_at'] === null ? {} : { endedAt: Number(row['ended_at']) }),
  };
}

export function claimOf(queue: string, owner: string, row: Row): Claim {
  return {
    ...{ queue, owner, id: String(row['id']), token: Number(row['claim_token']), attempt: Number(row['attempts']), payload: jsonOf(row['payload']) },
    ...(typeof row['order_key'] === 'string' ? { orderKey: row['order_key'] } : {}),
  };
}

export function countsOf(row: Row): QueueCounts {
  const [ready, delayed, claimed, done, dead] = ['ready', 'delayed', 'claimed', 'done', 'dead'].map((state) => Number(row[state] ?? 0));
  return {
    ...{ queue: String(row['queue']), ready: ready ?? 0, delayed: delayed ?? 0, claimed: claimed ?? 0, done: done ?? 0, dead: dead ?? 0 },
    ...(row['oldest_at'] === null ? {} : { oldestAt: Number(row['oldest_at']) }),
  };
}

/** The holder, while its time is not over. */
export function holderOf(row: Row, now: number): LockHolder | undefined {
  const [holder, expiresAt] = [row['holder'], Number(row['expires'])];
  if (typeof holder !== 'string' || expiresAt <= now) return undefined;
  return { holder, runId: String(row['run_id']), since: Number(row['since']), expiresAt };
}

export function lockOf(row: Row, now: number): LockRow {
  const held = holderOf(row, now);
  return { lock: String(row['name']), waiting: Number(row['waiting']), ...(held ? { heldBy: { ...held, token: Number(row['token']) } } : {}) };
}

export function jsonOf(text: unknown): Json {
  return JSON.parse(String(text)) as Json; // written by us
}

/** Rows of locks that somebody holds, in the order of their names whatever the database sorts by. */
export function heldOf(rows: readonly Row[]): readonly (HeldLock & { readonly expiresAt: number })[] {
  return rows
    .map((row) => ({
      ...{ lock: String(row['name']), holder: String(row['holder']), runId: String(row['run_id']) },
      ...{ token: Number(row['token']), expiresAt: Number(row['expires']) },
    }))
    .sort((a, b) => (a.lock < b.lock ? -1 : 1));
}
