import type { Journal } from '../port.ts';
import type { VaultKeySource } from '../vault-key.ts';
import { createAppender } from './append.ts';
import { createBell } from './bell.ts';
import { createCreator } from './create.ts';
import { closeDatabase, type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { createEvidence } from './evidence.ts';
import { createFollower } from './follow.ts';
import { createLeases } from './leases.ts';
import { createLogs } from './logs.ts';
import { migrate } from './migrate.ts';
import { createProjector } from './project.ts';
import { createReader } from './read.ts';
import { JOURNAL_SCHEMA } from './schema.ts';
import { createVault } from './vault.ts';

export interface PostgresJournalOptions extends DatabaseOptions {
  /** Where the key of the vault comes from: the same for every process that shares the journal. */
  readonly vaultKey: VaultKeySource;
}

const OPEN_PATIENCE_MS = 5_000;

/**
 * Open a journal in PostgreSQL 12 or newer, for processes on many machines; its tables are made when they are missing.
 *
 * @throws {SlipwayError} `PG_MISSING`, `JOURNAL_IO`, `JOURNAL_READ_ONLY`, `JOURNAL_FULL`, `JOURNAL_NEWER`.
 */
export async function openPostgres<Body extends { readonly type: string }>(options: PostgresJournalOptions): Promise<Journal<Body>> {
  const database = await openDatabase(options);
  try {
    // A wrong address must not be waited for as a database is that was there a moment ago.
    await migrate({ ...database, patienceMs: Math.min(database.patienceMs, OPEN_PATIENCE_MS) }, 'journal', JOURNAL_SCHEMA);
  } catch (cause) {
    await closeDatabase(database);
    throw cause;
  }
  return journalIn<Body>(database, options.vaultKey);
}

function journalIn<Body extends { readonly type: string }>(database: Database, vaultKey: VaultKeySource): Journal<Body> {
  const bell = createBell(database);
  const reader = createReader<Body>(database);
  return {
    ...reader,
    ...createCreator<Body>(database),
    ...createAppender<Body>(database, bell),
    ...createProjector<Body>(database, bell),
    ...createFollower<Body>(database, reader.read, bell),
    ...createLeases(database),
    ...createLogs(database),
    ...createEvidence(database),
    ...createVault(vaultKey, database),
    [Symbol.asyncDispose]: () => closeDatabase(database),
  };
}
