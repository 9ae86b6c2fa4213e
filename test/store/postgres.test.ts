import { after } from 'node:test';
import { randomText, systemClock } from '../../src/core/index.ts';
import { openPostgresStore, type Store } from '../../src/store/index.ts';
import { type Postgres, startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { storeContract } from './contract/index.ts';
import type { StorePlace } from './contract/place.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

function place(at: Postgres): StorePlace {
  const schema = `store_${randomText(10)}`;
  const opened: Store[] = [];
  const sql: StorePlace['sql'] = (text) => at.sql(`SET search_path TO ${schema}; ${text}`);
  return {
    open: async (options = {}) => {
      const store = await openPostgresStore({ connection: at.connection('postgres', schema), clock: systemClock, ...options });
      opened.push(store);
      return store;
    },
    later: async (ms) =>
      void (await sql(`UPDATE jobs SET claim_expires = claim_expires - ${ms}, not_before = not_before - ${ms};
        UPDATE locks SET expires = expires - ${ms}; UPDATE lock_waiters SET expires = expires - ${ms}`)),
    sql,
    [Symbol.asyncDispose]: async () => {
      for (const store of opened) await store[Symbol.asyncDispose]();
      await at.sql(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    },
  };
}

storeContract({
  name: 'PostgreSQL',
  missing,
  place: async () => {
    if (!server) throw new Error(missing);
    return place(server);
  },
});
