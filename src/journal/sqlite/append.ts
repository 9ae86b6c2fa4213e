import { genesis, link, textOf } from '../chain.ts';
import { fenced, isOfStore, noRun, runExists } from '../errors.ts';
import { writtenTo } from './follow.ts';
import { prepared, type Store, transact } from './database.ts';
import type { Journal, Lease, StoredEvent } from '../port.ts';
import { headOf } from '../rows.ts';
import { createProjector } from './project.ts';

const INSERT_RUN = `INSERT INTO runs (id, runbook, plan_digest, created_at, concurrency_group, rehearsal, labels, state, updated_at, last_seq, head)
  VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, 0, ?)`;
const SELECT_HEAD = 'SELECT id, last_seq, head, lease_token FROM runs WHERE id = ?';
const INSERT_EVENT = 'INSERT INTO events (run_id, seq, at, type, body, prev, hash, posted_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
const UPDATE_HEAD = 'UPDATE runs SET last_seq = ?, head = ?, updated_at = ?, state = COALESCE(?, state) WHERE id = ?';
const SELECT_POSTED = 'SELECT seq FROM events WHERE run_id = ? AND posted_id = ?';
const SELECT_FIRST = 'SELECT body FROM events WHERE run_id = ? AND seq = 1';
const UPDATE_STATE = 'UPDATE runs SET state = ?, updated_at = ? WHERE id = ? AND lease_token = ?';

interface Waiting<Body> {
  readonly runId: string;
  readonly bodies: readonly Body[];
  readonly lease: Lease;
  readonly state: string | undefined;
  readonly done: (events: readonly StoredEvent<Body>[]) => void;
  readonly failed: (cause: unknown) => void;
}

/** Writing: every event goes through here, and into the hash chain of its run. */
export function createAppender<Body extends { readonly type: string }>(
  store: Store,
): Pick<Journal<Body>, 'create' | 'append' | 'post' | 'setState' | 'project'> {
  const write = writer<Body>(store);
  const queue: Waiting<Body>[] = [];
  const posted = prepared(store, SELECT_POSTED);
  const stateOf = prepared(store, UPDATE_STATE);
  const flush = (): void => flushQueue(store, queue.splice(0), write);
  return {
    create: createRun(store, write),
    ...createProjector<Body>(store),
    append: (runId, bodies, lease, state) =>
      new Promise((done, failed) => {
        // Everything that asks before the next turn shares one transaction and one fsync.
        if (queue.push({ runId, bodies, lease, state, done, failed }) === 1) setImmediate(flush);
      }),
    post: async (runId, body, id) => {
      const result = transact(store, `post ${body.type}`, () => {
        const earlier = posted.get(runId, id);
        if (earlier) return { seq: Number(earlier['seq']), fresh: false };
        const [event] = write(runId, [body], { postedId: id });
        return { seq: event?.seq ?? 0, fresh: true };
      });
      store.events.emit(writtenTo(runId));
      return result;
    },
    setState: async (runId, state, lease) => {
      const changed = transact(store, `state ${state}`, () => stateOf.run(state, store.clock.now(), runId, lease.token));
      if (changed === 0) throw fenced(runId, lease.token);
    },
  };
}

interface How {
  readonly token?: number;
  readonly postedId?: string;
  /** What lists show from now on. */
  readonly state?: string | undefined;
}
type Write<Body> = (runId: string, bodies: readonly Body[], how: How) => readonly StoredEvent<Body>[];

function writer<Body extends { readonly type: string }>(store: Store): Write<Body> {
  const head = prepared(store, SELECT_HEAD);
  const insert = prepared(store, INSERT_EVENT);
  const update = prepared(store, UPDATE_HEAD);
  return (runId, bodies, { token, postedId, state }) => {
    const row = head.get(runId);
    if (!row) throw noRun(runId);
    if (token !== undefined && Number(row['lease_token']) !== token) throw fenced(runId, token);
    const at = store.clock.now();
    const before = headOf(row);
    const linked = link(before, bodies, at);
    for (const { event, text } of linked) {
      const { seq, body, prev, hash } = event;
      insert.run(runId, seq, at, body.type, text, prev, hash, postedId ?? null);
    }
    const last = linked.at(-1)?.event ?? before;
    update.run(last.seq, last.hash, at, state ?? null, runId);
    return linked.map(({ event }) => event);
  };
}

function createRun<Body extends { readonly type: string }>(store: Store, write: Write<Body>): Journal<Body>['create'] {
  const insert = prepared(store, INSERT_RUN);
  const first = prepared(store, SELECT_FIRST);
  return async (run, body) => {
    transact(store, 'create', () => {
      const earlier = first.get(run.id);
      if (earlier) return refuseOther(run.id, String(earlier['body']), textOf(body));
      const { id, runbook, planDigest, createdAt, concurrencyGroup, rehearsal, labels } = run;
      insert.run(id, runbook, planDigest, createdAt, concurrencyGroup ?? null, rehearsal ? 1 : 0, JSON.stringify(labels), createdAt, genesis(id));
      return write(id, [body], {});
    });
    store.events.emit(writtenTo(run.id));
  };
}

function refuseOther(runId: string, earlier: string, wanted: string): readonly never[] {
  if (earlier === wanted) return [];
  throw runExists(runId);
}

/** One transaction for all; when it fails, each alone, so that a fenced run does not take the others down. */
function flushQueue<Body extends { readonly type: string }>(store: Store, batch: readonly Waiting<Body>[], write: Write<Body>): void {
  if (batch.length === 0) return;
  const name = `append ${[...new Set(batch.flatMap(({ bodies }) => bodies.map(({ type }) => type)))].join('+')}`;
  try {
    const results = transact(store, name, () => batch.map(({ runId, bodies, lease, state }) => write(runId, bodies, { token: lease.token, state })));
    for (const [index, waiting] of batch.entries()) waiting.done(results[index] ?? []);
    for (const runId of new Set(batch.map((waiting) => waiting.runId))) store.events.emit(writtenTo(runId));
  } catch (cause) {
    // A store that cannot be written fails all of them: asking it again would only double what it may have kept.
    if (batch.length === 1 || isOfStore(cause)) for (const waiting of batch) waiting.failed(cause);
    else for (const waiting of batch) flushQueue(store, [waiting], write);
  }
}
