import { fenced, noRun } from '../errors.ts';
import { prepared, type Store, transact } from './database.ts';
import type { Journal } from '../port.ts';

const SELECT_LEASE = 'SELECT lease_owner, lease_token, lease_expires, lease_ttl FROM runs WHERE id = ?';
const TAKE = 'UPDATE runs SET lease_owner = ?, lease_token = ?, lease_expires = ?, lease_ttl = ? WHERE id = ?';
/** The clock has gone back since: whoever lives renews the lease within its time, and whoever does not must not hold it for as long as the clock jumped. */
const SHORTEN = 'UPDATE runs SET lease_expires = ?1 + lease_ttl WHERE id = ?2 AND lease_expires > ?1 + lease_ttl';
const BEAT = 'UPDATE runs SET lease_expires = ?, lease_ttl = ? WHERE id = ? AND lease_token = ? AND lease_owner = ?';
export const RELEASE = 'UPDATE runs SET lease_owner = NULL, lease_expires = NULL WHERE id = ? AND lease_token = ? AND lease_owner = ?';

/** The right to drive a run. Its token grows with every holder; writes of an older one are refused. */
export function createLeases(store: Store): Pick<Journal<{ type: string }>, 'acquire' | 'heartbeat' | 'release'> {
  const select = prepared(store, SELECT_LEASE);
  const take = prepared(store, TAKE);
  const shorten = prepared(store, SHORTEN);
  const beat = prepared(store, BEAT);
  const release = prepared(store, RELEASE);
  return {
    acquire: async (runId, owner, ttlMs) =>
      transact(store, 'lease', () => {
        const now = store.clock.now();
        shorten.run(now, runId);
        const row = select.get(runId);
        if (!row) throw noRun(runId);
        const holder = row['lease_owner'];
        if (typeof holder === 'string' && Number(row['lease_expires']) > now && !store.isDead(holder)) {
          return { heldBy: holder, expiresAt: Number(row['lease_expires']) };
        }
        const token = Number(row['lease_token']) + 1;
        take.run(owner, token, now + ttlMs, ttlMs, runId);
        return { runId, owner, token };
      }),
    heartbeat: async (lease, ttlMs) => {
      const changed = transact(store, 'heartbeat', () => beat.run(store.clock.now() + ttlMs, ttlMs, lease.runId, lease.token, lease.owner));
      if (changed === 0) throw fenced(lease.runId, lease.token);
    },
    release: async (lease) => void transact(store, 'release', () => release.run(lease.runId, lease.token, lease.owner)),
  };
}
