import { fenced, noRun } from '../errors.ts';
import type { Journal, StoredEvent } from '../port.ts';
import { projectOnto } from '../projected.ts';
import { headOf } from '../rows.ts';
import type { Bell } from './bell.ts';
import { type Database, transact } from './database.ts';
import { RELEASE } from './leases.ts';

const LOCK_RUN = 'SELECT id, last_seq, head, lease_token FROM runs WHERE id = $1 FOR UPDATE';
const SELECT_KNOWN = 'SELECT seq, at, body FROM events WHERE run_id = $1 AND seq BETWEEN $2 AND $3';
const WRITE = `WITH written AS (
    INSERT INTO events (run_id, seq, at, type, body, prev, hash)
    SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]))
  UPDATE runs SET last_seq = $8, head = $9, updated_at = $10, state = COALESCE($11, state) WHERE id = $1`;

/** Events that another engine has numbered and timed: each is written once, in order, and compared when it comes again. */
export function createProjector<Body extends { readonly type: string }>(database: Database, bell: Bell): Pick<Journal<Body>, 'project'> {
  return {
    project: async ({ runId, token, owner }, events, after = {}) => {
      // A first try that was kept although its answer was lost has written it all the same.
      let fresh: readonly StoredEvent<Body>[] = [];
      await transact(database, `project ${[...new Set(events.map(({ body }) => body.type))].join('+')}`, {
        work: async (ask) => {
          const [row] = await ask(LOCK_RUN, [runId]);
          if (!row) throw noRun(runId);
          if (Number(row['lease_token']) !== token) throw fenced(runId, token);
          const known = await ask(SELECT_KNOWN, [runId, events[0]?.seq ?? 0, events.at(-1)?.seq ?? 0]);
          const { inserts, head, isLatest } = projectOnto(headOf(row), events, known);
          const written = inserts.map(({ event }) => event);
          if (written.length > 0) fresh = written;
          await ask(WRITE, [
            runId,
            written.map(({ seq }) => seq),
            written.map(({ at }) => at),
            written.map(({ body }) => body.type),
            inserts.map(({ text }) => text),
            written.map(({ prev }) => prev),
            written.map(({ hash }) => hash),
            ...[head.seq, head.hash, database.clock.now(), isLatest ? (after.state ?? null) : null],
          ]);
          if (after.release) await ask(RELEASE, [runId, token, owner]);
        },
        wasKept: async () => false, // made again, it finds its events and changes nothing
      });
      database.events.emit('written', runId);
      bell.tell([runId]);
      return fresh;
    },
  };
}
