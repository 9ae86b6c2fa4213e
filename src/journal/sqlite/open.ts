import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/index.ts';
import { createAppender } from './append.ts';
import { guarded, openDatabase, type Store } from './database.ts';
import { createEvidence } from './evidence.ts';
import { createFollower } from './follow.ts';
import { createLeases } from './leases.ts';
import { createLogs } from './logs.ts';
import type { Journal } from '../port.ts';
import type { VaultKeySource } from '../vault-key.ts';
import { createReader } from './read.ts';
import { createVault } from './vault.ts';

export interface JournalOptions {
  /** Absolute path of the folder that holds `journal.db`, `vault.key` and `evidence/`; made when missing. */
  readonly dir: string;
  readonly clock: Clock;
  /** For tests: called before and after each durable write with its name. */
  readonly onBoundary?: (name: string) => void;
  /** Is the process that this lease owner names dead for certain? Then its lease may be taken before it expires. */
  readonly isDead?: (owner: string) => boolean;
  /** Where the key of the vault comes from; `vault.key` of the folder, made when missing, unless told. */
  readonly vaultKey?: VaultKeySource;
  /** For tests: most pages the database file may have. */
  readonly maxPages?: number;
}

/**
 * Open the journal of a state folder. Many processes may have it open; SQLite in WAL mode with full fsync.
 *
 * @throws {SlipwayError} `JOURNAL_IO`, `JOURNAL_READ_ONLY`, `JOURNAL_FULL`, `JOURNAL_CORRUPT`, `JOURNAL_NEWER`.
 */
export function openJournal<Body extends { readonly type: string }>(options: JournalOptions): Journal<Body> {
  const file = join(options.dir, 'journal.db');
  guarded(() => makeWritable(options.dir, file));
  const store = openDatabase(file, options);
  const { now, ...reader } = createReader<Body>(store);
  return {
    ...reader,
    ...createAppender<Body>(store),
    ...createFollower<Body>(store, now),
    ...createLeases(store),
    ...createLogs(store),
    ...createEvidence(join(options.dir, 'evidence'), store),
    ...createVault(options.vaultKey ?? { from: 'file', file: join(options.dir, 'vault.key'), whenMissing: 'make' }, store),
    [Symbol.asyncDispose]: async () => close(store),
  };
}

/** Even a reader writes beside a database in WAL mode; without this, SQLite only says that it cannot open the file. */
function makeWritable(dir: string, file: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const path of [dir, ...(existsSync(file) ? [file] : [])]) accessSync(path, constants.W_OK);
  // Most state folders are inside a repository, and "git add ." must not commit the key of the vault.
  const ignore = join(dir, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n', { mode: 0o600 });
}

function close(store: Store): void {
  if (store.closed) return;
  store.closed = true;
  store.database.close();
}
