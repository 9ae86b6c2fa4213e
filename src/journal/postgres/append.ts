import { fenced } from '../errors.ts';
import { gather } from '../gather.ts';
import type { Journal, StoredEvent } from '../port.ts';
import type { Bell } from './bell.ts';
import { type Batch, composeBatch, type Entry, type Fate } from './batch.ts';
import { type Ask, change, type Database, transact } from './database.ts';

/** In the order of their ids, so that two processes never wait for each other in a circle. */
const LOCK_RUNS = 'SELECT id, last_seq, head, lease_token FROM runs WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE';
const SELECT_POSTED = `SELECT run_id, posted_id, seq FROM events
  WHERE (run_id, posted_id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND posted_id IS NOT NULL`;
const WRITE = `WITH written AS (
    INSERT INTO events (run_id, seq, at, type, body, prev, hash, posted_id)
    SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]))
  UPDATE runs SET last_seq = new.seq, head = new.hash, updated_at = $9, state = COALESCE(new.state, runs.state)
  FROM unnest($10::text[], $11::int[], $12::text[], $13::text[]) AS new (id, seq, hash, state) WHERE runs.id = new.id`;
const IS_WRITTEN = 'SELECT 1 AS there FROM events WHERE run_id = $1 AND seq = $2 AND hash = $3';
const UPDATE_STATE = 'UPDATE runs SET state = $1, updated_at = $2 WHERE id = $3 AND lease_token = $4 RETURNING id';

/**
 * Writing: every event goes through here, and into the hash chain of its run. One transaction is under way at a time; whoever asks meanwhile shares
 * the next one, and its one commit.
 */
export function createAppender<Body extends { readonly type: string }>(database: Database, bell: Bell): Pick<Journal<Body>, 'append' | 'post' | 'setState'> {
  const enter = gather((entries: readonly Entry<Body>[]) => settle(database, bell, entries));
  return {
    append: async (runId, bodies, lease, state) => {
      const fate = accepted(await enter({ runId, bodies, lease, state }));
      return fate.type === 'written' ? fate.events : [];
    },
    post: async (runId, body, id) => {
      const fate = accepted(await enter({ runId, bodies: [body], postedId: id }));
      return fate.type === 'known' ? { seq: fate.seq, fresh: false } : { seq: fate.events[0]?.seq ?? 0, fresh: true };
    },
    setState: async (runId, state, lease) => {
      const changed = await change(database, `state ${state}`, [UPDATE_STATE, state, database.clock.now(), runId, lease.token]);
      if (changed.length === 0) throw fenced(runId, lease.token);
    },
  };
}

function accepted<Body>(fate: Fate<Body>): Exclude<Fate<Body>, { readonly type: 'refused' }> {
  if (fate.type === 'refused') throw fate.cause;
  return fate;
}

async function settle<Body extends { readonly type: string }>(database: Database, bell: Bell, entries: readonly Entry<Body>[]): Promise<readonly Fate<Body>[]> {
  const { fates } = await transact(database, nameOf(entries), {
    work: (ask, last) => write(database, ask, { entries, last }),
    wasKept: async (ask, batch) => isThere(ask, batch),
  });
  const runIds = [...new Set(entries.map(({ runId }) => runId))];
  for (const runId of runIds) database.events.emit('written', runId);
  bell.tell(runIds);
  return fates;
}

function nameOf<Body extends { readonly type: string }>(entries: readonly Entry<Body>[]): string {
  const types = [...new Set(entries.flatMap(({ bodies }) => bodies.map(({ type }) => type)))].join('+');
  return `${entries.every(({ postedId }) => postedId !== undefined) ? 'post' : 'append'} ${types}`;
}

interface Writing<Body> {
  readonly entries: readonly Entry<Body>[];
  readonly last: (sql: string, values: readonly unknown[]) => void;
}

async function write<Body extends { readonly type: string }>(database: Database, ask: Ask, { entries, last }: Writing<Body>): Promise<Batch<Body>> {
  const runs = await ask(LOCK_RUNS, [[...new Set(entries.map(({ runId }) => runId))]]);
  const posts = entries.flatMap(({ runId, postedId }) => (postedId === undefined ? [] : [{ runId, postedId }]));
  const posted = posts.length === 0 ? [] : await ask(SELECT_POSTED, [posts.map(({ runId }) => runId), posts.map(({ postedId }) => postedId)]);
  const now = database.clock.now();
  const batch = composeBatch(entries, { runs, posted, now });
  const { inserts, heads } = batch;
  if (heads.length > 0) {
    const events = inserts.map(({ event }) => event);
    last(WRITE, [
      events.map(({ runId }) => runId),
      events.map(({ seq }) => seq),
      events.map(({ at }) => at),
      events.map(({ body }) => body.type),
      inserts.map(({ text }) => text),
      events.map(({ prev }) => prev),
      events.map(({ hash }) => hash),
      inserts.map(({ postedId }) => postedId ?? null),
      now,
      heads.map(({ runId }) => runId),
      heads.map(({ seq }) => seq),
      heads.map(({ hash }) => hash),
      heads.map(({ state }) => state ?? null),
    ]);
  }
  return batch;
}

/** All of a batch is there, or nothing: one event tells. */
async function isThere<Body>(ask: Ask, { inserts }: Batch<Body>): Promise<boolean> {
  const last: StoredEvent<Body> | undefined = inserts.at(-1)?.event;
  return last !== undefined && (await ask(IS_WRITTEN, [last.runId, last.seq, last.hash])).length > 0;
}
