export { prunable } from './archive/families.ts';
export { exportLines, type Imported, importLines } from './archive/lines.ts';
export type * from './archive/port.ts';
export { verifyChain } from './chain.ts';
export { gather } from './gather.ts';
export type { Migration } from './migrations.ts';
export type * from './port.ts';
export type { PostgresConnection, TlsSettings } from './postgres/connect.ts';
/** The open database, for what keeps its own tables beside the journal's. */
export * as postgres from './postgres/handle.ts';
export { openPostgresArchive, openPostgresJournal, type PostgresJournalOptions } from './postgres/index.ts';
export { openSqliteArchive } from './sqlite/archive.ts';
export { type BackedUp, backUpSqlite } from './sqlite/backup.ts';
export * as sqlite from './sqlite/handle.ts';
export { type JournalOptions, openJournal } from './sqlite/open.ts';
export { type Restored, type RestoreOptions, restoreSqlite } from './sqlite/restore.ts';
export { openSpillIn, removeSpilled } from './spill.ts';
export type { VaultKeySource } from './vault-key.ts';
