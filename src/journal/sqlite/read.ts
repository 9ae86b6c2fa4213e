import { prepared, type Store } from './database.ts';
import type { Journal, RunQuery, StoredEvent } from '../port.ts';
import { eventOf, runOf, verifyStored } from '../rows.ts';

const SELECT_EVENTS = 'SELECT run_id, seq, at, type, body, prev, hash FROM events WHERE run_id = ? AND seq > ? ORDER BY seq';
const SELECT_RUN = 'SELECT rowid AS position, * FROM runs WHERE id = ?';
const SELECT_RUNS = `SELECT rowid AS position, * FROM runs WHERE (?1 IS NULL OR runbook = ?1) AND (?2 IS NULL OR concurrency_group = ?2)
  AND (?3 IS NULL OR state IN (SELECT value FROM json_each(?3))) AND (?5 IS NULL OR created_at < ?5 OR (created_at = ?5 AND rowid < ?6))
  ORDER BY created_at DESC, rowid DESC LIMIT ?4`;
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
      const { runbook = null, concurrencyGroup = null, limit = MOST_RUNS, before } = query;
      return many.all(runbook, concurrencyGroup, states, limit, before?.createdAt ?? null, before?.order ?? null).map(runOf);
    },
    verify: async (runId) => verifyStored<Body>(runId, { row: one.get(runId), rows: events.all(runId, 0) }),
  };
}
