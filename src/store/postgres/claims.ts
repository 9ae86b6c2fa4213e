import { canonicalJson, randomText } from '../../core/index.ts';
import { postgres } from '../../journal/index.ts';
import { fenced } from '../errors.ts';
import type { Claim, JobState, Queues } from '../port.ts';
import { claimOf } from '../rows.ts';
import { NOW } from './schema.ts';

const BURY = `UPDATE jobs SET state = 'dead', reason = 'its worker was lost in the last attempt', ended_at = ${NOW}, claim_owner = NULL
  WHERE queue = $1 AND state = 'claimed' AND claim_expires <= ${NOW} AND attempts >= max_attempts`;
const CLAIMABLE = `queue = $1 AND state IN ('ready', 'claimed') AND ((state = 'ready' AND not_before <= ${NOW}) OR (state = 'claimed' AND claim_expires <= ${NOW}))
  AND (order_key IS NULL OR NOT EXISTS (SELECT 1 FROM jobs AS earlier WHERE earlier.queue = job.queue AND earlier.order_key = job.order_key
    AND earlier.position < job.position AND earlier.state IN ('ready', 'claimed')))`;
const IS_ANY = `SELECT 1 AS there FROM jobs AS job WHERE ${CLAIMABLE} LIMIT 1`;
/** Rows that another process is taking are passed over, so that nobody waits. */
const CLAIM = `UPDATE jobs SET state = 'claimed', claim_owner = $2, claim_token = claim_token + 1, claim_expires = ${NOW} + $3, claim_mark = $4, attempts = attempts + 1
  WHERE (queue, id) = (SELECT queue, id FROM jobs AS job WHERE ${CLAIMABLE} ORDER BY position LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING id, order_key, payload, attempts, claim_token`;
const IS_CLAIMED = 'SELECT 1 AS there FROM jobs WHERE queue = $1 AND id = $2 AND claim_mark = $3';
const BEAT = `UPDATE jobs SET claim_expires = ${NOW} + $4 WHERE queue = $1 AND id = $2 AND claim_token = $3 AND state = 'claimed' RETURNING id`;
const SELECT_STATE = 'SELECT state, attempts, max_attempts, claim_token, reason FROM jobs WHERE queue = $1 AND id = $2 FOR UPDATE';
const END = `UPDATE jobs SET state = $4, outcome = $5, reason = $6, not_before = COALESCE($7, not_before), ended_at = CASE WHEN $4 IN ('done', 'dead') THEN ${NOW} END,
  claim_owner = NULL, claim_expires = NULL WHERE queue = $1 AND id = $2 AND claim_token = $3 RETURNING txid_current() AS xid`;

/** Taking jobs and ending them. */
export function createClaims(database: postgres.Database): Pick<Queues, 'claim' | 'heartbeat' | 'finish' | 'fail'> {
  return {
    claim: claimer(database),
    heartbeat: async ({ queue, id, token }, ttlMs) => {
      const kept = await postgres.change(database, 'job heartbeat', [BEAT, queue, id, token, ttlMs]);
      if (kept.length === 0) throw fenced(`job "${id}"`, token);
    },
    finish: async (claim, outcome) => {
      const text = canonicalJson(outcome);
      await postgres.transact(database, 'job finish', {
        work: async (ask) => {
          const row = await rowOf(ask, claim);
          if (row['state'] === 'done') return;
          if (row['state'] !== 'claimed') throw fenced(`job "${claim.id}"`, claim.token);
          await ask(END, [claim.queue, claim.id, claim.token, 'done', text, null, null]);
        },
        wasKept: async () => false, // made again, it changes nothing
      });
    },
    fail: (claim, failure) => giveBack(database, claim, failure),
  };
}

function claimer(database: postgres.Database): Queues['claim'] {
  return async (queue, owner, ttlMs) => {
    // Whoever looks often at an empty queue must not write every time.
    if ((await postgres.query(database, IS_ANY, [queue])).length === 0) return undefined;
    // Tells this claim from any other one of the same owner when the answer to its commit was lost.
    const mark = randomText(16);
    return postgres.transact(database, 'claim', {
      work: async (ask) => {
        await ask(BURY, [queue]);
        const [row] = await ask(CLAIM, [queue, owner, ttlMs, mark]);
        return row && claimOf(queue, owner, row);
      },
      wasKept: async (ask, claim) => claim === undefined || (await ask(IS_CLAIMED, [queue, claim.id, mark])).length > 0,
    });
  };
}

async function giveBack(database: postgres.Database, claim: Claim, { retryAt, reason }: Parameters<Queues['fail']>[1]): Promise<JobState> {
  const { state } = await postgres.transact<{ readonly state: JobState; readonly xid: unknown }>(database, 'job fail', {
    work: async (ask) => {
      const row = await rowOf(ask, claim);
      if (row['state'] !== 'claimed') throw fenced(`job "${claim.id}"`, claim.token);
      const isLast = retryAt === 'never' || Number(row['attempts']) >= Number(row['max_attempts']);
      const next = isLast ? 'dead' : 'ready';
      const [ended] = await ask(END, [claim.queue, claim.id, claim.token, next, null, reason, isLast ? null : Math.floor(retryAt)]);
      return { state: next, xid: ended?.['xid'] };
    },
    wasKept: (ask, { xid }) => postgres.didCommit(ask, xid),
  });
  return state;
}

async function rowOf(ask: postgres.Ask, { queue, id, token }: Claim): Promise<Record<string, unknown>> {
  const [row] = await ask(SELECT_STATE, [queue, id]);
  if (!row || Number(row['claim_token']) !== token) throw fenced(`job "${id}"`, token);
  return row;
}
