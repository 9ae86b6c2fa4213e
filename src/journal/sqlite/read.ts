import { canonicalJson, type Digest, isObject, type Json } from '../../core/index.ts';
import { verifyChain } from '../chain.ts';
import { prepared, type Row, type Store } from './database.ts';
import { damaged, noRun } from './errors.ts';
import type { Journal, RunQuery, RunRow, StoredEvent, Verified } from '../port.ts';

const SELECT_EVENTS = 'SELECT run_id, seq, at, type, body, prev, hash FROM events WHERE run_id = ? AND seq > ? ORDER BY seq';
const SELECT_RUN = 'SELECT rowid, * FROM runs WHERE id = ?';
const SELECT_RUNS = `SELECT rowid, * FROM runs WHERE (?1 IS NULL OR runbook = ?1) AND (?2 IS NULL OR concurrency_group = ?2)
  AND (?3 IS NULL OR state IN (SELECT value FROM json_each(?3))) ORDER BY created_at DESC, rowid DESC LIMIT ?4`;
const MOST_RUNS = 1_000;

export function createReader<Body extends { readonly type: string }>(
  store: Store,
): Pick<Journal<Body>, 'read' | 'runs' | 'run' | 'verify'> & { readonly now: (runId: string, afterSeq: number) => readonly StoredEvent<Body>[] } {
  const events = prepared(store, SELECT_EVENTS);
  const one = prepared(store, SELECT_RUN);
  const many = prepared(store, SELECT_RUNS);
  const read = (runId: string, afterSeq = 0): readonly StoredEvent<Body>[] => events.all(runId, afterSeq).map(eventOf<Body>);
  return {
    read: async (runId, afterSeq) => read(runId, afterSeq),
    now: read,
    run: async (runId) => {
      const row = one.get(runId);
      return row && runOf(row);
    },
    runs: async (query: RunQuery = {}) => {
      const states = query.states ? JSON.stringify(query.states) : null;
      return many.all(query.runbook ?? null, query.concurrencyGroup ?? null, states, query.limit ?? MOST_RUNS).map(runOf);
    },
    verify: async (runId) => verifyStored<Body>(runId, { row: one.get(runId), rows: events.all(runId, 0) }),
  };
}

/** The chain, and what is kept beside it: the bytes of each body, the columns copied out of it, and the end of the chain. */
function verifyStored<Body>(runId: string, { row, rows }: { readonly row: Row | undefined; readonly rows: readonly Row[] }): Verified {
  if (!row) throw noRun(runId);
  const events: StoredEvent<Body>[] = [];
  for (const stored of rows) {
    if (!isFaithful(stored)) return { ok: false, seq: Number(stored['seq']), why: `event ${String(stored['seq'])} was changed after it was written` };
    events.push(eventOf<Body>(stored));
  }
  const chain = verifyChain(runId, events);
  if (!chain.ok) return chain;
  const lastSeq = Number(row['last_seq']);
  if (events.length !== lastSeq)
    return { ok: false, seq: Math.min(events.length, lastSeq) + 1, why: `${events.length} events are there and ${lastSeq} were written` };
  if (chain.head !== row['head']) return { ok: false, seq: lastSeq, why: 'the last event is not the one that was written last' };
  return chain;
}

/** Does the stored text say exactly what was hashed? Other text with the same meaning was not written here. */
function isFaithful({ body, type }: Row): boolean {
  const text = String(body);
  try {
    const parsed = JSON.parse(text) as Json; // any JSON will do: it is compared with its own canonical form
    return canonicalJson(parsed) === text && isObject(parsed) && parsed['type'] === type;
  } catch {
    return false;
  }
}

function eventOf<Body>(row: Row): StoredEvent<Body> {
  return {
    runId: String(row['run_id']),
    seq: Number(row['seq']),
    at: Number(row['at']),
    body: bodyOf<Body>(row),
    prev: String(row['prev']) as Digest,
    hash: String(row['hash']) as Digest,
  };
}

function bodyOf<Body>({ body, run_id: runId, seq }: Row): Body {
  try {
    return JSON.parse(String(body)) as Body; // written by append as this type
  } catch (cause) {
    throw damaged(`event ${String(seq)} of ${String(runId)} cannot be read`, cause);
  }
}

function runOf(row: Row): RunRow {
  const group = row['concurrency_group'];
  return {
    id: String(row['id']),
    order: Number(row['rowid']),
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
