import { genesis, link, textOf } from '../chain.ts';
import { runExists } from '../errors.ts';
import type { Journal } from '../port.ts';
import { type Database, transact } from './database.ts';

/**
 * Runs are numbered in the order in which they become visible: without this, one that was numbered first could be committed last, and two processes
 * would not agree on whose turn it is in a concurrency group.
 */
const IN_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('slipway create ' || current_schema(), 0))`;
const SELECT_FIRST = 'SELECT body FROM events WHERE run_id = $1 AND seq = 1';
const INSERT_RUN = `INSERT INTO runs (id, runbook, plan_digest, created_at, concurrency_group, rehearsal, labels, state, updated_at, last_seq, head)
  VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, 1, $9)`;
const INSERT_EVENT = 'INSERT INTO events (run_id, seq, at, type, body, prev, hash) VALUES ($1, 1, $2, $3, $4, $5, $6)';

/** A run with its first event. The same once more changes nothing, so one whose commit was not seen is simply made again. */
export function createCreator<Body extends { readonly type: string }>(database: Database): Pick<Journal<Body>, 'create'> {
  return {
    create: async (run, body) => {
      const { id, runbook, planDigest, createdAt, concurrencyGroup, rehearsal, labels } = run;
      await transact(database, 'create', {
        work: async (ask) => {
          await ask(IN_TURN, []);
          const [earlier] = await ask(SELECT_FIRST, [id]);
          if (earlier?.['body'] === textOf(body)) return;
          if (earlier) throw runExists(id);
          const at = database.clock.now();
          const [first] = link({ runId: id, seq: 0, hash: genesis(id) }, [body], at);
          if (!first) return; // one body gives one event
          const { prev, hash } = first.event;
          const values = [id, runbook, planDigest, createdAt, concurrencyGroup ?? null, rehearsal ? 1 : 0, JSON.stringify(labels), at, hash];
          await ask(INSERT_RUN, values);
          await ask(INSERT_EVENT, [id, at, body.type, first.text, prev, hash]);
        },
        wasKept: async () => false,
      });
      database.events.emit('written', id);
    },
  };
}
