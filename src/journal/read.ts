import type { Digest, Json } from '../core/index.ts';
import { verifyChain } from './chain.ts';
import { prepared, type Row, type Store } from './database.ts';
import type { Journal, RunQuery, RunRow, StoredEvent } from './port.ts';

const SELECT_EVENTS = 'SELECT run_id, seq, at, body, prev, hash FROM events WHERE run_id = ? AND seq > ? ORDER BY seq';
const SELECT_RUN = 'SELECT * FROM runs WHERE id = ?';
const SELECT_RUNS = `SELECT * FROM runs WHERE (?1 IS NULL OR runbook = ?1) AND (?2 IS NULL OR concurrency_group = ?2)
  AND (?3 IS NULL OR state IN (SELECT value FROM json_each(?3))) ORDER BY created_at DESC, rowid DESC LIMIT ?4`;
const MOST_RUNS = 1_000;

export function createReader<Body>(
  store: Store,
): Pick<Journal<Body & { readonly type: string }>, 'runs' | 'run' | 'verify'> & { read: (runId: string, afterSeq?: number) => readonly StoredEvent<Body>[] } {
  const events = prepared(store, SELECT_EVENTS);
  const one = prepared(store, SELECT_RUN);
  const many = prepared(store, SELECT_RUNS);
  const read = (runId: string, afterSeq = 0): readonly StoredEvent<Body>[] => events.all(runId, afterSeq).map(eventOf<Body>);
  return {
    read,
    run: (runId) => {
      const row = one.get(runId);
      return row && runOf(row);
    },
    runs: (query: RunQuery = {}) => {
      const states = query.states ? JSON.stringify(query.states) : null;
      return many.all(query.runbook ?? null, query.concurrencyGroup ?? null, states, query.limit ?? MOST_RUNS).map(runOf);
    },
    verify: (runId) => verifyChain(runId, read(runId)),
  };
}

function eventOf<Body>(row: Row): StoredEvent<Body> {
  return {
    runId: String(row['run_id']),
    seq: Number(row['seq']),
    at: Number(row['at']),
    body: JSON.parse(String(row['body'])) as Body, // written by append as this type
    prev: String(row['prev']) as Digest,
    hash: String(row['hash']) as Digest,
  };
}

function runOf(row: Row): RunRow {
  const group = row['concurrency_group'];
  return {
    id: String(row['id']),
    runbook: String(row['runbook']),
    planDigest: String(row['plan_digest']) as Digest,
    createdAt: Number(row['created_at']),
    rehearsal: row['rehearsal'] === 1,
    labels: JSON.parse(String(row['labels'])) as { readonly [name: string]: Json },
    state: String(row['state']),
    updatedAt: Number(row['updated_at']),
    lastSeq: Number(row['last_seq']),
    ...(typeof group === 'string' ? { concurrencyGroup: group } : {}),
    ...(typeof row['lease_owner'] === 'string'
      ? { lease: { owner: row['lease_owner'], token: Number(row['lease_token']), expiresAt: Number(row['lease_expires']) } }
      : {}),
  };
}
