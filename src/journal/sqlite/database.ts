import { EventEmitter } from 'node:events';
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Clock } from '../../core/index.ts';
import type { Row } from '../rows.ts';
import { journalError } from './errors.ts';
import { migrate } from './migrate.ts';
import { JOURNAL_SCHEMA } from './schema.ts';

export interface StoreOptions {
  readonly clock: Clock;
  readonly onBoundary?: (name: string) => void;
  readonly isDead?: (owner: string) => boolean;
  readonly maxPages?: number;
}
/** The open database and what its parts share. */
export interface Store {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly boundary: (name: string) => void;
  readonly isDead: (owner: string) => boolean;
  /** Emits `written <run>` after this process wrote events of that run. */
  readonly events: EventEmitter;
  /** Writes that will share the next transaction. */
  readonly waiting: WaitingWrite[];
  closed: boolean;
}
export interface WaitingWrite {
  readonly name: string;
  /** Write; gives what tells the caller once it is durable. */
  readonly run: () => () => void;
  readonly failed: (cause: unknown) => void;
}

const BUSY_MS = 10_000;
const MOST_WAL_BYTES = 16 * 1024 * 1024;

/** Open `journal.db` of a folder; both are made when they are missing. */
export function openFolder(dir: string, options: StoreOptions): Store {
  const path = join(dir, 'journal.db');
  return guarded(() => {
    makeWritable(dir, path);
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      prepare(database, options);
    } catch (cause) {
      database.close();
      throw cause;
    }
    const events = new EventEmitter();
    events.setMaxListeners(0);
    return {
      database,
      clock: options.clock,
      boundary: options.onBoundary ?? (() => undefined),
      isDead: options.isDead ?? (() => false),
      events,
      waiting: [],
      closed: false,
    };
  });
}

/** Even a reader writes beside a database in WAL mode; without this, SQLite only says that it cannot open the file. */
function makeWritable(dir: string, file: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const path of [dir, ...(existsSync(file) ? [file] : [])]) accessSync(path, constants.W_OK);
  // Most state folders are inside a repository, and "git add ." must not commit the key of the vault.
  const ignore = join(dir, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n', { mode: 0o600 });
}

export function closeDatabase(store: Store): void {
  if (store.closed) return;
  store.closed = true;
  store.database.close();
}

function prepare(database: DatabaseSync, { maxPages }: StoreOptions): void {
  // Counts only while there are no tables yet: pages of removed runs can then be given back bit by bit.
  database.exec('PRAGMA auto_vacuum = INCREMENTAL');
  database.exec('PRAGMA journal_mode = WAL');
  // A log that has once grown, under a long read, is cut back when it has been taken over into the file.
  database.exec(`PRAGMA journal_size_limit = ${MOST_WAL_BYTES}`);
  // FULL: a commit that was answered survives a power cut, not only a crash.
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA fullfsync = ON');
  database.exec('PRAGMA foreign_keys = ON');
  if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${Math.floor(maxPages)}`);
  migrate(database, 'journal', JOURNAL_SCHEMA);
}

/** Run in one write transaction; nothing is kept when it throws. Durable when it returns. */
export function transact<T>(store: Store, name: string, work: () => T): T {
  store.boundary(`before ${name}`);
  const result = guarded(() => {
    store.database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      store.database.exec('COMMIT');
      return value;
    } catch (cause) {
      rollBack(store.database);
      throw cause;
    }
  });
  store.boundary(`after ${name}`);
  return result;
}

function rollBack(database: DatabaseSync): void {
  // SQLite itself rolls back on some errors, a full disk among them.
  if (database.isTransaction) database.exec('ROLLBACK');
}

/** Turn SQLite's errors into ours. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw journalError(cause);
  }
}

/** A statement that is prepared once, at first use. */
export interface Statement {
  /** Number of rows that it changed. */
  readonly run: (...values: SQLInputValue[]) => number;
  readonly all: (...values: SQLInputValue[]) => Row[];
  readonly get: (...values: SQLInputValue[]) => Row | undefined;
}

export function prepared(store: Store, sql: string): Statement {
  let statement: StatementSync | undefined;
  const open = (): StatementSync => (statement ??= store.database.prepare(sql));
  return {
    run: (...values) => Number(open().run(...values).changes),
    all: (...values) => guarded(() => open().all(...values)),
    get: (...values) => guarded(() => open().get(...values)),
  };
}
