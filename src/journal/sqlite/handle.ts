import type { Migration } from '../migrations.ts';
import { guarded, type Store } from './database.ts';
import { migrate as migrateFile } from './migrate.ts';

export { closeDatabase as close, openFolder as open, prepared, type Statement, type Store as Database, transact } from './database.ts';
export { isOfStore } from '../errors.ts';
export { flush, transactTogether } from './together.ts';

/** Bring the tables of one part of the database up to date. @throws {SlipwayError} as opening it does. */
export function migrate({ database }: Store, component: string, known: readonly Migration[]): void {
  guarded(() => migrateFile(database, component, known));
}
