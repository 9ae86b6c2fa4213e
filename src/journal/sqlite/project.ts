import { fenced, noRun } from '../errors.ts';
import type { Journal } from '../port.ts';
import { projectOnto } from '../projected.ts';
import { headOf } from '../rows.ts';
import { prepared, type Store, transact } from './database.ts';
import { RELEASE } from './leases.ts';

const SELECT_HEAD = 'SELECT id, last_seq, head, lease_token FROM runs WHERE id = ?';
const SELECT_KNOWN = 'SELECT seq, at, body FROM events WHERE run_id = ? AND seq BETWEEN ? AND ?';
const INSERT_EVENT = 'INSERT INTO events (run_id, seq, at, type, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)';
const UPDATE_HEAD = 'UPDATE runs SET last_seq = ?, head = ?, updated_at = ?, state = COALESCE(?, state) WHERE id = ?';

/** Events that another engine has numbered and timed: each is written once, in order, and compared when it comes again. */
export function createProjector<Body extends { readonly type: string }>(store: Store): Pick<Journal<Body>, 'project'> {
  const head = prepared(store, SELECT_HEAD);
  const known = prepared(store, SELECT_KNOWN);
  const insert = prepared(store, INSERT_EVENT);
  const update = prepared(store, UPDATE_HEAD);
  const release = prepared(store, RELEASE);
  return {
    project: async ({ runId, token, owner }, events, after = {}) => {
      const written = transact(store, `project ${[...new Set(events.map(({ body }) => body.type))].join('+')}`, () => {
        const row = head.get(runId);
        if (!row) throw noRun(runId);
        if (Number(row['lease_token']) !== token) throw fenced(runId, token);
        const there = known.all(runId, events[0]?.seq ?? 0, events.at(-1)?.seq ?? 0);
        const { inserts, head: last, isLatest } = projectOnto(headOf(row), events, there);
        for (const { event, text } of inserts) insert.run(runId, event.seq, event.at, event.body.type, text, event.prev, event.hash);
        update.run(last.seq, last.hash, store.clock.now(), isLatest ? (after.state ?? null) : null, runId);
        if (after.release) release.run(runId, token, owner);
        return inserts.map(({ event }) => event);
      });
      store.events.emit('written');
      return written;
    },
  };
}
