import { postgres } from '../../journal/index.ts';
import type { Row } from '../audit-chain.ts';
import { checkedName } from '../checked.ts';
import { fenced } from '../errors.ts';
import { answerOf } from '../lock-answer.ts';
import type { LockAnswer, Locks } from '../port.ts';
import { heldOf, lockOf } from '../rows.ts';
import { NOW } from './schema.ts';

const MAKE = 'INSERT INTO locks (name, token) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING';
/** One process at a time decides about a lock. */
const SELECT = `SELECT name, token, holder, run_id, since, expires, ${NOW} AS now FROM locks WHERE name = $1 FOR UPDATE`;
const DROP_WAITERS = `DELETE FROM lock_waiters WHERE name = $1 AND expires <= $2`;
const WAITERS = 'SELECT holder, run_id, since FROM lock_waiters WHERE name = $1 AND expires > $2 ORDER BY position';
const WAITERS_NOW = `SELECT holder, run_id, since FROM lock_waiters WHERE name = $1 AND expires > ${NOW} ORDER BY position`;
const WAIT = `INSERT INTO lock_waiters (name, holder, run_id, since, expires) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (name, holder, run_id) DO UPDATE SET expires = excluded.expires`;
const LEAVE = 'DELETE FROM lock_waiters WHERE name = $1 AND holder = $2 AND run_id = $3';
const TAKE = `UPDATE locks SET since = CASE WHEN token = $2 THEN since ELSE $5 END, token = $2, holder = $3, run_id = $4, expires = $6 WHERE name = $1`;
const BEAT = `UPDATE locks SET expires = ${NOW} + $3 WHERE name = $1 AND token = $2 AND holder IS NOT NULL RETURNING name`;
const RELEASE = 'UPDATE locks SET holder = NULL, run_id = NULL, since = NULL, expires = NULL WHERE name = $1 AND token = $2';
const ALL = `SELECT name, token, holder, run_id, since, expires, now, waiting FROM (SELECT locks.*, ${NOW} AS now,
  (SELECT COUNT(*) FROM lock_waiters WHERE lock_waiters.name = locks.name AND lock_waiters.expires > ${NOW}) AS waiting FROM locks) AS known
  WHERE waiting > 0 OR (holder IS NOT NULL AND expires > now) ORDER BY name`;
const MINE = `SELECT name, token, holder, run_id, expires FROM locks WHERE holder = $1 AND run_id = $2 AND expires > ${NOW}`;

export function createLocks(database: postgres.Database): Locks {
  return {
    acquire: async (lock, request) => {
      const [name, holder, runId] = [checkedName('lock', lock), checkedName('holder', request.holder), checkedName('run', request.runId)];
      return postgres.transact<LockAnswer>(database, 'lock', {
        work: async (ask) => {
          await ask(MAKE, [name]);
          const [row] = await ask(SELECT, [name]);
          const now = Number(row?.['now']);
          await ask(DROP_WAITERS, [name, now]);
          const answer = answerOf({ lock, request, now, row, waiters: await ask(WAITERS, [name, now]) });
          const expires = now + request.ttlMs;
          if (answer.state === 'waiting') await ask(WAIT, [name, holder, runId, now, expires]);
          if (answer.state === 'held') {
            await ask(LEAVE, [name, holder, runId]);
            await ask(TAKE, [name, answer.token, holder, runId, now, expires]);
          }
          return answer;
        },
        wasKept: async () => false, // asked again by the same holder and run, it renews what they have
      });
    },
    heartbeat: async ({ lock, token }, ttlMs) => {
      const kept = await postgres.change(database, 'lock heartbeat', [BEAT, lock, token, ttlMs]);
      if (kept.length === 0) throw fenced(`lock "${lock}"`, token);
    },
    release: async ({ lock, token }) => void (await postgres.change(database, 'lock release', [RELEASE, lock, token])),
    withdraw: async (lock, { holder, runId }) => void (await postgres.change(database, 'lock withdraw', [LEAVE, lock, holder, runId])),
    waiters: async (lock) => (await postgres.query(database, WAITERS_NOW, [lock])).map(waiterOf),
    locks: async () => (await postgres.query(database, ALL)).map((row) => lockOf(row, Number(row['now']))),
    heldBy: async ({ holder, runId }) => heldOf(await postgres.query(database, MINE, [holder, runId])),
  };
}

function waiterOf(row: Row, index: number): Awaited<ReturnType<Locks['waiters']>>[number] {
  return { holder: String(row['holder']), runId: String(row['run_id']), since: Number(row['since']), position: index + 1 };
}
