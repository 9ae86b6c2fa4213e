import { gather, postgres } from '../../journal/index.ts';
import { checkedJob, type CheckedJob } from '../checked-job.ts';
import { notDead } from '../errors.ts';
import type { Job, JobState, Queues } from '../port.ts';
import { countsOf, jobOf } from '../rows.ts';
import { createClaims } from './claims.ts';
import { NOW } from './schema.ts';

/** Jobs of one order key get their places in the order in which they become visible, so that none turns up before one that is being done. */
const IN_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('slipway jobs ' || key, 0)) FROM (SELECT DISTINCT unnest($1::text[]) AS key ORDER BY 1) AS keys`;
const INSERT = `INSERT INTO jobs (queue, id, order_key, payload, state, max_attempts, enqueued_at, not_before)
  SELECT queue, id, order_key, payload, 'ready', max_attempts, ${NOW}, COALESCE(not_before, ${NOW})
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bigint[]) WITH ORDINALITY AS job (queue, id, order_key, payload, max_attempts, not_before, n)
  ORDER BY n ON CONFLICT (queue, id) DO NOTHING RETURNING queue, id, txid_current() AS xid`;
const SELECT_STATES = 'SELECT queue, id, state FROM jobs WHERE (queue, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))';
const COLUMNS = `id, order_key, payload, state, attempts, max_attempts, enqueued_at, not_before, claim_owner, claim_expires, reason, outcome, ended_at`;
const PEEK = `SELECT ${COLUMNS} FROM jobs WHERE queue = $1 AND ($2::text[] IS NULL OR state = ANY($2)) ORDER BY state IN ('done', 'dead'), position LIMIT $3`;
const COUNTS = `SELECT queue, COUNT(*) FILTER (WHERE state = 'ready' AND not_before <= ${NOW}) AS ready, COUNT(*) FILTER (WHERE state = 'ready' AND not_before > ${NOW}) AS delayed,
  COUNT(*) FILTER (WHERE state = 'claimed') AS claimed, COUNT(*) FILTER (WHERE state = 'done') AS done, COUNT(*) FILTER (WHERE state = 'dead') AS dead,
  MIN(enqueued_at) FILTER (WHERE state IN ('ready', 'claimed')) AS oldest_at FROM jobs GROUP BY queue ORDER BY queue`;
/** At the end of its queue: what came after it may have begun. */
const REVIVE = `UPDATE jobs SET state = 'ready', attempts = 0, not_before = ${NOW}, ended_at = NULL, position = nextval('job_positions')
  WHERE queue = $1 AND id = $2 AND state = 'dead' RETURNING txid_current() AS xid`;
const KEY_OF = 'SELECT order_key FROM jobs WHERE queue = $1 AND id = $2';
const SWEEP = `DELETE FROM jobs WHERE state = 'done' AND ended_at < $1 RETURNING id`;
const MOST = 1_000;

export function createQueues(database: postgres.Database): Queues {
  return {
    enqueue: enqueuer(database),
    ...createClaims(database),
    peek: async (queue, { states, limit = MOST } = {}) => (await postgres.query(database, PEEK, [queue, states ?? null, limit])).map((row): Job => jobOf(row)),
    counts: async () => (await postgres.query(database, COUNTS)).map(countsOf),
    revive: async (queue, id) => {
      const xid = await postgres.transact(database, 'job revive', {
        work: async (ask) => {
          const [job] = await ask(KEY_OF, [queue, id]);
          await ask(IN_TURN, [[keyOf(queue, job?.['order_key'])]]);
          return (await ask(REVIVE, [queue, id]))[0]?.['xid'];
        },
        wasKept: async (ask, done) => done === undefined || postgres.didCommit(ask, done),
      });
      if (xid === undefined) throw notDead(queue, id);
    },
    sweep: async (endedBefore) => (await postgres.change(database, 'job sweep', [SWEEP, endedBefore])).length,
  };
}

interface Accepted {
  readonly fresh: boolean;
  readonly state: JobState;
}

function enqueuer(database: postgres.Database): Queues['enqueue'] {
  const enter = gather(async (jobs: readonly CheckedJob[]) => {
    const { accepted } = await postgres.transact(database, 'enqueue', {
      work: (ask) => insertJobs(ask, jobs),
      wasKept: async (ask, { xid }) => xid === undefined || postgres.didCommit(ask, xid),
    });
    return accepted;
  });
  return async (queue, job) => enter(checkedJob(queue, job));
}

async function insertJobs(ask: postgres.Ask, jobs: readonly CheckedJob[]): Promise<{ readonly accepted: readonly Accepted[]; readonly xid: unknown }> {
  await ask(IN_TURN, [jobs.flatMap(({ queue, orderKey }) => (orderKey === undefined ? [] : [keyOf(queue, orderKey)]))]);
  const [queues, ids] = [jobs.map(({ queue }) => queue), jobs.map(({ id }) => id)];
  const inserted = await ask(INSERT, [
    ...[queues, ids, jobs.map(({ orderKey }) => orderKey ?? null), jobs.map(({ text }) => text)],
    ...[jobs.map(({ maxAttempts }) => maxAttempts), jobs.map(({ notBefore }) => notBefore ?? null)],
  ]);
  const fresh = new Set(inserted.map(({ queue, id }) => keyOf(String(queue), id)));
  const states = new Map((await ask(SELECT_STATES, [queues, ids])).map(({ queue, id, state }) => [keyOf(String(queue), id), String(state) as JobState])); // only we write it
  // The first of two with one id in a transaction is the fresh one.
  const accepted = jobs.map(({ queue, id }) => ({ fresh: fresh.delete(keyOf(queue, id)), state: states.get(keyOf(queue, id)) ?? 'ready' }));
  return { accepted, xid: inserted[0]?.['xid'] };
}

function keyOf(queue: string, part: unknown): string {
  return `${queue}\n${String(part)}`;
}
