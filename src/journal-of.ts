import { join } from 'node:path';
import type { KeepWiring } from './app/index.ts';
import type { Config } from './config/index.ts';
import { systemClock } from './core/index.ts';
import {
  backUpSqlite,
  type Journal,
  type JournalOptions,
  openJournal,
  openPostgresArchive,
  openPostgresJournal,
  openSqliteArchive,
  restoreSqlite,
  type VaultKeySource,
} from './journal/index.ts';
import { openPostgresStore, openSqliteStore, type Store, STORE_FENCES } from './store/index.ts';

type Around = Pick<JournalOptions, 'isDead' | 'onBoundary'>;

/** Open the journal that the settings name. */
export async function journalOf<Body extends { readonly type: string }>(config: Config, around: Around): Promise<Journal<Body>> {
  const { journal, stateDir } = config;
  const vaultKey = vaultKeyOf(config);
  if (journal.store === 'sqlite') return openJournal<Body>({ dir: stateDir, clock: systemClock, vaultKey, ...around });
  return openPostgresJournal<Body>({ connection: journal, clock: systemClock, vaultKey, ...around });
}

/** Open the store beside that journal. */
export async function storeOf({ journal, stateDir: dir }: Config, around: Around): Promise<Store> {
  const clock = systemClock;
  return journal.store === 'postgres' ? openPostgresStore({ connection: journal, clock, ...around }) : openSqliteStore({ dir, clock, ...around });
}

/** What is done with the journal as a whole. */
export function keepingOf(config: Config, around: Around): KeepWiring {
  const { journal, stateDir: dir } = config;
  const clock = systemClock;
  if (journal.store === 'postgres') {
    const options = { connection: journal, clock, ...around };
    return { archive: () => openPostgresArchive(options) };
  }
  const vaultKey = vaultKeyOf(config);
  return {
    archive: async () => openSqliteArchive({ dir, clock, ...around }),
    backups: {
      make: (file) => backUpSqlite({ dir, clock }, file),
      restore: (file, replace) => restoreSqlite({ dir, file, clock, replace, vaultKey, fences: STORE_FENCES, ...around }),
    },
  };
}

/** A journal that others share needs a key that is given to all of them: one that we made here would shut them out. */
function vaultKeyOf({ vaultKey, journal, stateDir }: Config): VaultKeySource {
  if (vaultKey?.from === 'setting') return vaultKey;
  if (vaultKey?.from === 'file') return { ...vaultKey, whenMissing: 'refuse' };
  return journal.store === 'sqlite' ? { from: 'file', file: join(stateDir, 'vault.key'), whenMissing: 'make' } : { from: 'nowhere' };
}
