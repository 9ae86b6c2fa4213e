export { verifyChain } from './chain.ts';
export type * from './port.ts';
export type { PostgresConnection, TlsSettings } from './postgres/connect.ts';
export { openPostgresJournal, type PostgresJournalOptions } from './postgres/index.ts';
export { type JournalOptions, openJournal } from './sqlite/open.ts';
export type { VaultKeySource } from './vault-key.ts';
