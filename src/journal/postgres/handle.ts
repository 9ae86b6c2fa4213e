export {
  type Ask,
  change,
  closeDatabase as close,
  type Database,
  type DatabaseOptions as Options,
  didCommit,
  openDatabase as open,
  query,
  transact,
} from './database.ts';
export { migrate } from './migrate.ts';
