import { randomText } from '../../core/index.ts';
import { fenced, noRun } from '../errors.ts';
import type { Journal } from '../port.ts';
import { change, type Database, transact } from './database.ts';

/** Milliseconds since the epoch by the clock of the database, the only one that all processes share. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
const SELECT_LEASE = `SELECT lease_owner, lease_token, lease_expires - ${NOW} AS lease_left FROM runs WHERE id = $1 FOR UPDATE`;
const TAKE = `UPDATE runs SET lease_owner = $2, lease_token = $3, lease_claim = $4, lease_expires = ${NOW} + $5, lease_ttl = $5 WHERE id = $1`;
/** The clock has gone back since: whoever lives renews the lease within its time, and whoever does not must not hold it for as long as the clock jumped. */
const SHORTEN = `UPDATE runs SET lease_expires = ${NOW} + lease_ttl WHERE id = $1 AND lease_expires > ${NOW} + lease_ttl + 1000`;
const IS_TAKEN = 'SELECT 1 AS there FROM runs WHERE id = $1 AND lease_token = $2 AND lease_claim = $3';
const BEAT = `UPDATE runs SET lease_expires = ${NOW} + $4, lease_ttl = $4 WHERE id = $1 AND lease_token = $2 AND lease_owner = $3 RETURNING id`;
export const RELEASE = 'UPDATE runs SET lease_owner = NULL, lease_expires = NULL WHERE id = $1 AND lease_token = $2 AND lease_owner = $3';

/** The right to drive a run. Its token grows with every holder; writes of an older one are refused. */
export function createLeases(database: Database): Pick<Journal<{ type: string }>, 'acquire' | 'heartbeat' | 'release'> {
  const { clock } = database;
  return {
    acquire: async (runId, owner, ttlMs) => {
      // Tells this call from any other one of the same owner when the answer to its commit was lost.
      const claim = randomText(16);
      return transact(database, 'lease', {
        work: async (ask) => {
          await ask(SHORTEN, [runId]);
          const [row] = await ask(SELECT_LEASE, [runId]);
          if (!row) throw noRun(runId);
          const holder = row['lease_owner'];
          const leftMs = Number(row['lease_left']);
          if (typeof holder === 'string' && leftMs > 0 && !database.isDead(holder)) return { heldBy: holder, expiresAt: clock.now() + leftMs };
          const token = Number(row['lease_token']) + 1;
          await ask(TAKE, [runId, owner, token, claim, ttlMs]);
          return { runId, owner, token };
        },
        wasKept: async (ask, result) => 'token' in result && (await ask(IS_TAKEN, [runId, result.token, claim])).length > 0,
      });
    },
    heartbeat: async (lease, ttlMs) => {
      const kept = await change(database, 'heartbeat', [BEAT, lease.runId, lease.token, lease.owner, ttlMs]);
      if (kept.length === 0) throw fenced(lease.runId, lease.token);
    },
    release: async (lease) => void (await change(database, 'release', [RELEASE, lease.runId, lease.token, lease.owner])),
  };
}
