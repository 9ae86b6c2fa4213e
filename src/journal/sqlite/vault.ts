import { randomText } from '../../core/index.ts';
import { guarded, prepared, type Store, transact } from './database.ts';
import type { Journal } from '../port.ts';
import { openSealed, sealText } from '../seal.ts';
import { fingerprintOf, otherKey, readVaultKey, type VaultKeySource } from '../vault-key.ts';

/** The first process that seals says which key this journal has; a row that is there stays. */
const CLAIM_KEY = `INSERT OR IGNORE INTO facts (name, value) VALUES ('vault key', ?)`;
const SELECT_KEY = `SELECT value FROM facts WHERE name = 'vault key'`;
const INSERT = 'INSERT INTO secrets (id, run_id, sealed) VALUES (?, ?, ?)';
const SELECT = 'SELECT sealed FROM secrets WHERE id = ?';

/** Secrets at rest, with a key that is outside the database. */
export function createVault(source: VaultKeySource, store: Store): Pick<Journal<{ type: string }>, 'seal' | 'unseal'> {
  const claim = prepared(store, CLAIM_KEY);
  const keyOf = prepared(store, SELECT_KEY);
  const insert = prepared(store, INSERT);
  const select = prepared(store, SELECT);
  let known: Buffer | undefined;
  const key = (): Buffer => (known ??= guarded(() => readVaultKey(source)));
  return {
    seal: async (runId, secret) => {
      const id = `${runId}:${randomText(16)}`;
      const sealed = sealText(secret.reveal(), key(), id);
      transact(store, 'seal', () => {
        // A secret sealed with another key than the others would only be missed when a step needs it.
        const given = fingerprintOf(key());
        claim.run(given);
        const theirs = String(keyOf.get()?.['value']);
        if (theirs !== given) throw otherKey(theirs, given);
        insert.run(id, runId, sealed);
      });
      return id;
    },
    unseal: async (reference) => openSealed(select.get(reference)?.['sealed'], key, reference),
  };
}
