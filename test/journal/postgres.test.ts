import { after, describe } from 'node:test';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { archiveContract } from './contract/archive.ts';
import { journalContract } from './contract/index.ts';
import { postgresPlace } from './postgres-place.ts';
import { sqlitePlace, sqliteStore } from './sqlite-place.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

journalContract(
  {
    name: 'PostgreSQL',
    missing,
    place: async () => {
      if (!server) throw new Error(missing);
      return postgresPlace(server);
    },
  },
  async () => sqlitePlace(),
);

describe('runs carried from SQLite to PostgreSQL', { skip: missing ?? false }, () => {
  archiveContract(sqliteStore, async () => {
    if (!server) throw new Error(missing);
    return postgresPlace(server);
  });
});
