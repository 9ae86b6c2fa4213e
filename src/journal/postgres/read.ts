import type { Clock } from '../../core/index.ts';
import type { Journal, RunQuery, RunRow } from '../port.ts';
import { eventOf, type Row, runOf, verifyStored } from '../rows.ts';
import { type Database, query } from './database.ts';

const SELECT_EVENTS = 'SELECT run_id, seq, at, type, body, prev, hash FROM events WHERE run_id = $1 AND seq > $2 ORDER BY seq';
const RUN_COLUMNS = `id, position, runbook, plan_digest, created_at, concurrency_group, rehearsal, labels, state, updated_at, last_seq, head,
  lease_owner, lease_token, lease_expires - (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS lease_left`;
const SELECT_RUN = `SELECT ${RUN_COLUMNS} FROM runs WHERE id = $1`;
const SELECT_RUNS = `SELECT ${RUN_COLUMNS} FROM runs WHERE ($1::text IS NULL OR runbook = $1) AND ($2::text IS NULL OR concurrency_group = $2)
  AND ($3::text[] IS NULL OR state = ANY($3)) AND ($5::bigint IS NULL OR (created_at, position) < ($5, $6::bigint)) ORDER BY created_at DESC, position DESC LIMIT $4`;
/** One snapshot of the run and its events: else an append in between would look like a broken chain. */
const SELECT_WHOLE = `SELECT runs.id, runs.last_seq, runs.head, events.run_id, events.seq, events.at, events.type, events.body, events.prev, events.hash
  FROM runs LEFT JOIN events ON events.run_id = runs.id WHERE runs.id = $1 ORDER BY events.seq`;
const MOST_RUNS = 1_000;

export function createReader<Body extends { readonly type: string }>(database: Database): Pick<Journal<Body>, 'read' | 'runs' | 'run' | 'verify'> {
  const { clock } = database;
  return {
    read: async (runId, afterSeq = 0) => (await query(database, SELECT_EVENTS, [runId, afterSeq])).map(eventOf<Body>),
    run: async (runId) => {
      const [row] = await query(database, SELECT_RUN, [runId]);
      return row && rowOf(row, clock);
    },
    runs: async ({ runbook, concurrencyGroup, states, limit, before }: RunQuery = {}) => {
      const filter = [runbook ?? null, concurrencyGroup ?? null, states ?? null, limit ?? MOST_RUNS];
      const rows = await query(database, SELECT_RUNS, [...filter, before?.createdAt ?? null, before?.order ?? null]);
      return rows.map((row) => rowOf(row, clock));
    },
    verify: async (runId) => {
      const rows = await query(database, SELECT_WHOLE, [runId]);
      return verifyStored<Body>(runId, { row: rows[0], rows: rows.filter((row) => row['seq'] !== null) });
    },
  };
}

/** Expiry in the time of whoever asks: the clock of the database may differ from it. */
function rowOf(row: Row, clock: Clock): RunRow {
  return runOf({ ...row, lease_expires: clock.now() + Number(row['lease_left']) });
}
