import { canonicalJson } from '../../core/index.ts';
import { sqlite } from '../../journal/index.ts';
import { checkedJob } from '../checked-job.ts';
import { fenced, notDead } from '../errors.ts';
import type { Claim, Job, JobState, Queues } from '../port.ts';
import { claimOf, countsOf, jobOf } from '../rows.ts';

const COLUMNS = `id, order_key, payload, state, attempts, max_attempts, enqueued_at, not_before, claim_owner, claim_token, claim_expires, reason, outcome, ended_at`;
const INSERT = `INSERT OR IGNORE INTO jobs (queue, id, order_key, payload, state, max_attempts, enqueued_at, not_before) VALUES (?, ?, ?, ?, 'ready', ?, ?, ?)`;
const SELECT_STATE = 'SELECT state, attempts, max_attempts, claim_token FROM jobs WHERE queue = ? AND id = ?';
/** SQLite reads an index over open jobs only where its condition stands word for word; without it, every claim would read all jobs that ever were. */
const IS_OPEN = `state IN ('ready', 'claimed')`;
const BURY = `UPDATE jobs SET state = 'dead', reason = 'its worker was lost in the last attempt', ended_at = ?2, claim_owner = NULL
  WHERE queue = ?1 AND ${IS_OPEN} AND state = 'claimed' AND claim_expires <= ?2 AND attempts >= max_attempts`;
const SELECT_NEXT = `SELECT id FROM jobs AS job WHERE queue = ?1 AND ${IS_OPEN}
  AND ((state = 'ready' AND not_before <= ?2) OR (state = 'claimed' AND claim_expires <= ?2)) AND (order_key IS NULL OR NOT EXISTS (
    SELECT 1 FROM jobs AS earlier WHERE earlier.queue = job.queue AND earlier.order_key = job.order_key
      AND earlier.position < job.position AND earlier.${IS_OPEN}))
  ORDER BY position LIMIT 1`;
const CLAIM = `UPDATE jobs SET state = 'claimed', claim_owner = ?, claim_token = claim_token + 1, claim_expires = ?, attempts = attempts + 1
  WHERE queue = ? AND id = ? RETURNING ${COLUMNS}`;
const BEAT = `UPDATE jobs SET claim_expires = ? WHERE queue = ? AND id = ? AND claim_token = ? AND state = 'claimed'`;
const END = `UPDATE jobs SET state = ?, outcome = ?, reason = ?, not_before = COALESCE(?, not_before), ended_at = ?, claim_owner = NULL, claim_expires = NULL
  WHERE queue = ? AND id = ? AND claim_token = ? AND state = 'claimed'`;
const PEEK = `SELECT ${COLUMNS} FROM jobs WHERE queue = ?1 AND (?2 IS NULL OR state IN (SELECT value FROM json_each(?2)))
  ORDER BY state IN ('done', 'dead'), position LIMIT ?3`;
/** What is open is read, and what is over, which is nearly all, is counted in an index. */
const COUNTS = `SELECT queue, SUM(ready) AS ready, SUM(delayed) AS delayed, SUM(claimed) AS claimed, SUM(done) AS done, SUM(dead) AS dead, MIN(enqueued_at) AS oldest_at FROM (
  SELECT queue, state = 'ready' AND not_before <= ?1 AS ready, state = 'ready' AND not_before > ?1 AS delayed, state = 'claimed' AS claimed, 0 AS done, 0 AS dead, enqueued_at
    FROM jobs WHERE ${IS_OPEN}
  UNION ALL SELECT queue, 0, 0, 0, SUM(state = 'done'), SUM(state = 'dead'), NULL FROM jobs WHERE state IN ('done', 'dead') GROUP BY queue
) GROUP BY queue ORDER BY queue`;
/** At the end of its queue: what came after it may have begun. */
const REVIVE = `UPDATE jobs SET state = 'ready', attempts = 0, not_before = ?1, ended_at = NULL, position = (SELECT MAX(position) + 1 FROM jobs)
  WHERE queue = ?2 AND id = ?3 AND state = 'dead'`;
const SWEEP = `DELETE FROM jobs WHERE state = 'done' AND ended_at < ?`;
const OWNERS = `SELECT DISTINCT claim_owner FROM jobs WHERE ${IS_OPEN} AND state = 'claimed' AND claim_expires > ?`;
const GIVE_BACK = `UPDATE jobs SET claim_expires = ?1 WHERE ${IS_OPEN} AND state = 'claimed' AND claim_expires > ?1 AND claim_owner = ?2`;
const MOST = 1_000;

export function createQueues(database: sqlite.Database): Queues {
  const of = (sql: string) => sqlite.prepared(database, sql);
  const [peek, counts, revive, sweep, beat] = [of(PEEK), of(COUNTS), of(REVIVE), of(SWEEP), of(BEAT)];
  const now = (): number => database.clock.now();
  return {
    enqueue: enqueuer(database),
    claim: claimer(database),
    heartbeat: async ({ queue, id, token }, ttlMs) => {
      const changed = await sqlite.transactTogether(database, 'job heartbeat', () => beat.run(now() + ttlMs, queue, id, token));
      if (changed === 0) throw fenced(`job "${id}"`, token);
    },
    ...enders(database),
    peek: async (queue, { states, limit = MOST } = {}) => peek.all(queue, states ? JSON.stringify(states) : null, limit).map((row): Job => jobOf(row)),
    counts: async () => counts.all(now()).map(countsOf),
    revive: async (queue, id) => {
      if ((await sqlite.transactTogether(database, 'job revive', () => revive.run(now(), queue, id))) === 0) throw notDead(queue, id);
    },
    sweep: async (endedBefore) => sqlite.transactTogether(database, 'job sweep', () => sweep.run(endedBefore)),
  };
}

/** Claims of processes that are dead end now. */
export function giveBackClaims(database: sqlite.Database): void {
  const now = database.clock.now();
  const owners = sqlite.prepared(database, OWNERS).all(now);
  const dead = owners.map((row) => String(row['claim_owner'])).filter((owner) => database.isDead(owner));
  if (dead.length === 0) return;
  const giveBack = sqlite.prepared(database, GIVE_BACK);
  sqlite.transact(database, 'claims of the dead', () => dead.forEach((owner) => giveBack.run(now, owner)));
}

function enqueuer(database: sqlite.Database): Queues['enqueue'] {
  const insert = sqlite.prepared(database, INSERT);
  const select = sqlite.prepared(database, SELECT_STATE);
  return async (to, job) => {
    const { queue, id, orderKey, text, maxAttempts, notBefore } = checkedJob(to, job);
    return sqlite.transactTogether(database, 'enqueue', () => {
      const now = database.clock.now();
      const fresh = insert.run(queue, id, orderKey ?? null, text, maxAttempts, now, notBefore ?? now) === 1;
      return { fresh, state: String(select.get(queue, id)?.['state']) as JobState }; // only we write it
    });
  };
}

function claimer(database: sqlite.Database): Queues['claim'] {
  const bury = sqlite.prepared(database, BURY);
  const next = sqlite.prepared(database, SELECT_NEXT);
  const take = sqlite.prepared(database, CLAIM);
  return async (queue, owner, ttlMs) => {
    // Whoever looks often at an empty queue must not keep writers waiting.
    if (!next.get(queue, database.clock.now())) return undefined;
    return sqlite.transactTogether(database, 'claim', () => {
      const now = database.clock.now();
      bury.run(queue, now);
      const row = next.get(queue, now);
      const claimed = row && take.get(owner, now + ttlMs, queue, String(row['id']));
      return claimed && claimOf(queue, owner, claimed);
    });
  };
}

function enders(database: sqlite.Database): Pick<Queues, 'finish' | 'fail'> {
  const select = sqlite.prepared(database, SELECT_STATE);
  const end = sqlite.prepared(database, END);
  const rowOf = ({ queue, id, token }: Claim) => {
    const row = select.get(queue, id);
    if (Number(row?.['claim_token']) !== token) throw fenced(`job "${id}"`, token);
    return row;
  };
  return {
    finish: async (claim, outcome) => {
      const text = canonicalJson(outcome);
      await sqlite.transactTogether(database, 'job finish', () => {
        const state = rowOf(claim)?.['state'];
        if (state === 'done') return;
        if (state !== 'claimed') throw fenced(`job "${claim.id}"`, claim.token);
        end.run('done', text, null, null, database.clock.now(), claim.queue, claim.id, claim.token);
      });
    },
    fail: async (claim, { retryAt, reason }) =>
      sqlite.transactTogether(database, 'job fail', () => {
        const row = rowOf(claim);
        if (row?.['state'] !== 'claimed') throw fenced(`job "${claim.id}"`, claim.token);
        const isLast = retryAt === 'never' || Number(row['attempts']) >= Number(row['max_attempts']);
        const now = database.clock.now();
        end.run(isLast ? 'dead' : 'ready', null, reason, isLast ? null : retryAt, isLast ? now : null, claim.queue, claim.id, claim.token);
        return isLast ? 'dead' : 'ready';
      }),
  };
}
