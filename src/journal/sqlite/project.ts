import { canonicalJson, type Json } from '../../core/index.ts';
import { prepared, type Row, type Store, transact } from './database.ts';
import { diverged, fenced, gap, noRun } from './errors.ts';
import type { Write } from './append.ts';
import type { Journal, TimedEvent } from '../port.ts';

const SELECT_HEAD = 'SELECT last_seq, lease_token FROM runs WHERE id = ?';
const SELECT_EVENT = 'SELECT at, body FROM events WHERE run_id = ? AND seq = ?';
const UPDATE_STATE = 'UPDATE runs SET state = ?, updated_at = ? WHERE id = ?';

/** Events that another engine has numbered and timed: each is written once, in order, and compared when it comes again. */
export function createProjector<Body extends { readonly type: string }>(store: Store, write: Write<Body>): Pick<Journal<Body>, 'project'> {
  const head = prepared(store, SELECT_HEAD);
  const known = prepared(store, SELECT_EVENT);
  const setState = prepared(store, UPDATE_STATE);
  return {
    project: async ({ runId, token }, events, state) => {
      transact(store, `project ${[...new Set(events.map(({ body }) => body.type))].join('+')}`, () => {
        const row = head.get(runId);
        if (!row) throw noRun(runId);
        if (Number(row['lease_token']) !== token) throw fenced(runId, token);
        let last = Number(row['last_seq']);
        for (const { seq, at, body } of events) {
          if (seq > last + 1) throw gap(runId, last, seq);
          if (seq <= last) refuseOther(runId, { seq, at, body }, known.get(runId, seq));
          else last = write(runId, [body], { at })[0]?.seq ?? last;
        }
        // A message that comes again, late, must not bring back an old state.
        if (state !== undefined && last === (events.at(-1)?.seq ?? last)) setState.run(state, store.clock.now(), runId);
      });
      store.events.emit('written');
    },
  };
}

function refuseOther<Body extends object>(runId: string, { seq, at, body }: TimedEvent<Body>, row: Row | undefined): void {
  const text = canonicalJson(JSON.parse(JSON.stringify(body)) as Json); // bodies are JSON by contract
  if (row?.['body'] !== text || Number(row['at']) !== at) throw diverged(runId, seq);
}
