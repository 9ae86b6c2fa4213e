import type { Clock } from '../../core/index.ts';
import { sqlite } from '../../journal/index.ts';
import type { Store } from '../port.ts';
import { createAudit } from './audit.ts';
import { createDocuments } from './documents.ts';
import { createLocks } from './locks.ts';
import { createQueues, giveBackClaims } from './queues.ts';
import { STORE_SCHEMA } from './schema.ts';

export interface SqliteStoreOptions {
  /** Absolute path of the folder that holds `journal.db`; made when missing. */
  readonly dir: string;
  readonly clock: Clock;
  /** Is the process that this owner of claims names dead for certain? Then what it worked on is given out again at once, and not when its claims have expired. */
  readonly isDead?: (owner: string) => boolean;
  /** For tests: called before and after each durable write with its name. */
  readonly onBoundary?: (name: string) => void;
  /** For tests: most pages the database file may have. */
  readonly maxPages?: number;
}

/**
 * Open the store beside the journal of a state folder.
 *
 * @throws {SlipwayError} `JOURNAL_IO`, `JOURNAL_READ_ONLY`, `JOURNAL_FULL`, `JOURNAL_CORRUPT`, `JOURNAL_NEWER`.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const database = sqlite.open(options.dir, options);
  try {
    sqlite.migrate(database, 'store', STORE_SCHEMA);
    giveBackWhatCan(database);
  } catch (cause) {
    sqlite.close(database);
    throw cause;
  }
  return {
    documents: createDocuments(database),
    queues: createQueues(database),
    locks: createLocks(database),
    audit: createAudit(database),
    [Symbol.asyncDispose]: async () => {
      if (!database.closed) sqlite.flush(database);
      sqlite.close(database);
    },
  };
}

/** A disk that is full or busy must not keep whoever only reads from opening the store: claims run out by themselves. */
function giveBackWhatCan(database: sqlite.Database): void {
  try {
    giveBackClaims(database);
  } catch (cause) {
    if (!sqlite.isOfStore(cause)) throw cause;
  }
}
