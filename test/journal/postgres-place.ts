import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomText, Secret, systemClock } from '../../src/core/index.ts';
import { type Journal, openPostgresJournal } from '../../src/journal/index.ts';
import type { Postgres } from '../support/postgres.ts';
import type { Body, Place } from './contract/place.ts';

export const VAULT_KEY = { from: 'setting', key: new Secret('0'.repeat(64)) } as const;

/** A journal in a schema of its own. */
export function postgresPlace(server: Postgres): Place {
  const schema = `test_${randomText(10)}`;
  const opened: Journal<Body>[] = [];
  const sql: Place['sql'] = (text) => server.sql(`SET search_path TO ${schema}; ${text}`);
  return {
    open: async (options = {}) => {
      const journal = await openPostgresJournal<Body>({
        connection: server.connection('postgres', schema),
        clock: systemClock,
        vaultKey: VAULT_KEY,
        ...options,
      });
      opened.push(journal);
      return journal;
    },
    later: async (ms) => void (await sql(`UPDATE runs SET lease_expires = lease_expires - ${ms}`)),
    sql,
    atRest: async () => {
      await server.sql('CHECKPOINT');
      return ['base', 'pg_wal'].flatMap((folder) =>
        readdirSync(join(server.data, folder), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
      );
    },
    [Symbol.asyncDispose]: async () => {
      for (const journal of opened) await journal[Symbol.asyncDispose]();
      await server.sql(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    },
  };
}
