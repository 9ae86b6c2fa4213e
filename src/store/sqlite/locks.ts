import { sqlite } from '../../journal/index.ts';
import { checkedName } from '../checked.ts';
import { fenced } from '../errors.ts';
import { answerOf } from '../lock-answer.ts';
import type { LockRequest, Locks } from '../port.ts';
import { heldOf, lockOf } from '../rows.ts';

const SELECT = 'SELECT name, token, holder, run_id, since, expires FROM locks WHERE name = ?';
const DROP_WAITERS = 'DELETE FROM lock_waiters WHERE name = ? AND expires <= ?';
const WAITERS = 'SELECT holder, run_id, since FROM lock_waiters WHERE name = ? AND expires > ? ORDER BY position';
const WAIT = `INSERT INTO lock_waiters (name, holder, run_id, since, expires) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (name, holder, run_id) DO UPDATE SET expires = excluded.expires`;
const LEAVE = 'DELETE FROM lock_waiters WHERE name = ? AND holder = ? AND run_id = ?';
const TAKE = `INSERT INTO locks (name, token, holder, run_id, since, expires) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET token = excluded.token, holder = excluded.holder, run_id = excluded.run_id, since = excluded.since, expires = excluded.expires`;
const BEAT = 'UPDATE locks SET expires = ? WHERE name = ? AND token = ? AND holder IS NOT NULL';
const RELEASE = 'UPDATE locks SET holder = NULL, run_id = NULL, since = NULL, expires = NULL WHERE name = ? AND token = ?';
const ALL = `SELECT names.name, token, holder, run_id, since, expires, (SELECT COUNT(*) FROM lock_waiters WHERE lock_waiters.name = names.name AND lock_waiters.expires > ?1) AS waiting
  FROM (SELECT name FROM locks WHERE holder IS NOT NULL AND expires > ?1 UNION SELECT name FROM lock_waiters WHERE expires > ?1) AS names
  LEFT JOIN locks ON locks.name = names.name ORDER BY names.name`;
const MINE = 'SELECT name, token, holder, run_id, expires FROM locks WHERE holder = ? AND run_id = ? AND expires > ?';

export function createLocks(database: sqlite.Database): Locks {
  const of = (sql: string) => sqlite.prepared(database, sql);
  const [beat, release, leave, waiters, all, mine] = [of(BEAT), of(RELEASE), of(LEAVE), of(WAITERS), of(ALL), of(MINE)];
  const now = (): number => database.clock.now();
  return {
    acquire: acquirer(database),
    heartbeat: async ({ lock, token }, ttlMs) => {
      const changed = await sqlite.transactTogether(database, 'lock heartbeat', () => beat.run(now() + ttlMs, lock, token));
      if (changed === 0) throw fenced(`lock "${lock}"`, token);
    },
    release: async ({ lock, token }) => void (await sqlite.transactTogether(database, 'lock release', () => release.run(lock, token))),
    withdraw: async (lock, { holder, runId }) => void (await sqlite.transactTogether(database, 'lock withdraw', () => leave.run(lock, holder, runId))),
    waiters: async (lock) =>
      waiters.all(lock, now()).map((row, index) => ({
        ...{ holder: String(row['holder']), runId: String(row['run_id']), since: Number(row['since']), position: index + 1 },
      })),
    locks: async () => {
      const at = now();
      return all.all(at).map((row) => lockOf(row, at));
    },
    heldBy: async ({ holder, runId }) => heldOf(mine.all(holder, runId, now())),
  };
}

function acquirer(database: sqlite.Database): Locks['acquire'] {
  const of = (sql: string) => sqlite.prepared(database, sql);
  const [select, drop, waiters, wait, leave, take] = [of(SELECT), of(DROP_WAITERS), of(WAITERS), of(WAIT), of(LEAVE), of(TAKE)];
  return async (lock: string, request: LockRequest) => {
    const [name, holder, runId] = [checkedName('lock', lock), checkedName('holder', request.holder), checkedName('run', request.runId)];
    return sqlite.transactTogether(database, 'lock', () => {
      const now = database.clock.now();
      drop.run(name, now);
      const row = select.get(name);
      const answer = answerOf({ lock, request, now, row, waiters: waiters.all(name, now) });
      const expires = now + request.ttlMs;
      if (answer.state === 'waiting') wait.run(name, holder, runId, now, expires);
      if (answer.state === 'held') {
        leave.run(name, holder, runId);
        const since = Number(row?.['token'] ?? 0) === answer.token ? Number(row?.['since']) : now;
        take.run(name, answer.token, holder, runId, since, expires);
      }
      return answer;
    });
  };
}
