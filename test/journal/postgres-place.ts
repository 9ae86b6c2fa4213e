import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomText, systemClock } from '../../src/core/index.ts';
import { openPostgresArchive, openPostgresJournal } from '../../src/journal/index.ts';
import type { Postgres } from '../support/postgres.ts';
import { type Body, type Place, VAULT_KEY } from './contract/place.ts';

/** A journal in a schema of its own. */
export function postgresPlace(server: Postgres): Place & { readonly schema: string } {
  const schema = `test_${randomText(10)}`;
  const opened: AsyncDisposable[] = [];
  const sql: Place['sql'] = (text) => server.sql(`SET search_path TO ${schema}; ${text}`);
  return {
    schema,
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
    openArchive: async () => {
      const archive = await openPostgresArchive({ connection: server.connection('postgres', schema), clock: systemClock });
      opened.push(archive);
      return archive;
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
