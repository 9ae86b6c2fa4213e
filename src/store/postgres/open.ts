import { postgres } from '../../journal/index.ts';
import type { Store } from '../port.ts';
import { createAudit } from './audit.ts';
import { createDocuments } from './documents.ts';
import { createLocks } from './locks.ts';
import { createQueues } from './queues.ts';
import { STORE_SCHEMA } from './schema.ts';

/**
 * Open the store beside a journal in PostgreSQL.
 *
 * @throws {SlipwayError} `PG_MISSING`, `JOURNAL_IO`, `JOURNAL_READ_ONLY`, `JOURNAL_FULL`, `JOURNAL_NEWER`.
 */
export async function openPostgresStore(options: postgres.Options): Promise<Store> {
  const database = await postgres.open(options);
  try {
    await postgres.migrate(database, 'store', STORE_SCHEMA);
  } catch (cause) {
    await postgres.close(database);
    throw cause;
  }
  return {
    documents: createDocuments(database),
    queues: createQueues(database),
    locks: createLocks(database),
    audit: createAudit(database),
    [Symbol.asyncDispose]: () => postgres.close(database),
  };
}
