import { join } from 'node:path';
import type { Clock } from '../../core/index.ts';
import { createAppender } from './append.ts';
import { closeDatabase, openFolder } from './database.ts';
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
  const store = openFolder(options.dir, options);
  const { now, ...reader } = createReader<Body>(store);
  return {
    ...reader,
    ...createAppender<Body>(store),
    ...createFollower<Body>(store, now),
    ...createLeases(store),
    ...createLogs(store),
    ...createEvidence(join(options.dir, 'evidence'), store),
    ...createVault(options.vaultKey ?? { from: 'file', file: join(options.dir, 'vault.key'), whenMissing: 'make' }, store),
    [Symbol.asyncDispose]: async () => closeDatabase(store),
  };
}
