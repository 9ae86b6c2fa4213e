import type { Archive } from '../archive/port.ts';
import type { Journal } from '../port.ts';
import type { DatabaseOptions } from './database.ts';
import type { PostgresJournalOptions } from './open.ts';

export type { PostgresJournalOptions } from './open.ts';

/** Open a journal in PostgreSQL; nothing of it is loaded before it is asked for. Errors are those of `openPostgres`. */
export async function openPostgresJournal<Body extends { readonly type: string }>(options: PostgresJournalOptions): Promise<Journal<Body>> {
  const { openPostgres } = await import('./open.ts');
  return openPostgres<Body>(options);
}

/** Open the archive of a journal in PostgreSQL. Errors are those of `openPgArchive`. */
export async function openPostgresArchive(options: DatabaseOptions): Promise<Archive> {
  const { openPgArchive } = await import('./archive.ts');
  return openPgArchive(options);
}
