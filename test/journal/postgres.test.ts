import { after } from 'node:test';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { journalContract } from './contract/index.ts';
import { postgresPlace } from './postgres-place.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

journalContract({
  name: 'PostgreSQL',
  missing,
  place: async () => {
    if (!server) throw new Error(missing);
    return postgresPlace(server);
  },
});
