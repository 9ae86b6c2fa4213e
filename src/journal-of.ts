import { join } from 'node:path';
import type { Config } from './config/index.ts';
import { systemClock } from './core/index.ts';
import { type Journal, type JournalOptions, openJournal, openPostgresJournal, type VaultKeySource } from './journal/index.ts';

type Around = Pick<JournalOptions, 'isDead' | 'onBoundary'>;

/** Open the journal that the settings name. */
export async function journalOf<Body extends { readonly type: string }>(config: Config, around: Around): Promise<Journal<Body>> {
  const { journal, stateDir } = config;
  const vaultKey = vaultKeyOf(config);
  if (journal.store === 'sqlite') return openJournal<Body>({ dir: stateDir, clock: systemClock, vaultKey, ...around });
  return openPostgresJournal<Body>({ connection: journal, clock: systemClock, vaultKey, ...around });
}

/** A journal that others share needs a key that is given to all of them: one that we made here would shut them out. */
function vaultKeyOf({ vaultKey, journal, stateDir }: Config): VaultKeySource {
  if (vaultKey?.from === 'setting') return vaultKey;
  if (vaultKey?.from === 'file') return { ...vaultKey, whenMissing: 'refuse' };
  return journal.store === 'sqlite' ? { from: 'file', file: join(stateDir, 'vault.key'), whenMissing: 'make' } : { from: 'nowhere' };
}
