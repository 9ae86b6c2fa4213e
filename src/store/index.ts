export type * from './port.ts';
export { openPostgresStore } from './postgres/open.ts';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite/open.ts';
export { STORE_FENCES } from './sqlite/schema.ts';
