import { fenced, noRun } from '../errors.ts';
import { prepared, type Store, transact } from './database.ts';
import type { Journal } from '../port.ts';

const SELECT_LEASE = 'SELECT lease_owner, lease_token, lease_expires FROM runs WHERE id = ?';
const TAKE = 'UPDATE runs SET lease_owner = ?, lease_token = ?, lease_expires = ? WHERE id = ?';
const BEAT = 'UPDATE runs SET lease_expires = ? WHERE id = ? AND lease_token = ? AND lease_owner = ?';
const RELEASE = 'UPDATE runs SET lease_owner = NULL, lease_expires = NULL WHERE id = ? AND lease_token = ? AND lease_owner = ?';

/** The right to drive a run. Its token grows with every holder; writes of an older one are refused. */
export function createLeases(store: Store): Pick<Journal<{ type: string }>, 'acquire' | 'heartbeat' | 'release'> {
  const select = prepared(store, SELECT_LEASE);
  const take = prepared(store, TAKE);
  const beat = prepared(store, BEAT);
  const release = prepared(store, RELEASE);
  return {
    acquire: async (runId, owner, ttlMs) =>
      transact(store, 'lease', () => {
        const row = select.get(runId);
        if (!row) throw noRun(runId);
        const now = store.clock.now();
        const holder = row['lease_owner'];
        if (typeof holder === 'string' && Number(row['lease_expires']) > now && !store.isDead(holder)) {
          return { heldBy: holder, expiresAt: Number(row['lease_expires']) };
        }
        const token = Number(row['lease_token']) + 1;
        take.run(owner, token, now + ttlMs, runId);
        return { runId, owner, token };
      }),
    heartbeat: async (lease, ttlMs) => {
      const changed = transact(store, 'heartbeat', () => beat.run(store.clock.now() + ttlMs, lease.runId, lease.token, lease.owner));
      if (changed === 0) throw fenced(lease.runId, lease.token);
    },
    release: async (lease) => void transact(store, 'release', () => release.run(lease.runId, lease.token, lease.owner)),
  };
}
