export { verifyChain } from './chain.ts';
export { gather } from './gather.ts';
export type { Migration } from './migrations.ts';
export type * from './port.ts';
export type { PostgresConnection, TlsSettings } from './postgres/connect.ts';
/** The open database, for what keeps its own tables beside the journal's. */
export * as postgres from './postgres/handle.ts';
export { openPostgresJournal, type PostgresJournalOptions } from './postgres/index.ts';
export * as sqlite from './sqlite/handle.ts';
export { type JournalOptions, openJournal } from './sqlite/open.ts';
export type { VaultKeySource } from './vault-key.ts';
