import { randomText } from '../../core/index.ts';
import type { Journal } from '../port.ts';
import { openSealed, sealText } from '../seal.ts';
import { fingerprintOf, otherKey, readVaultKey, type VaultKeySource } from '../vault-key.ts';
import { change, type Database, query } from './database.ts';

/** The first process that seals says which key this journal has; a row that is there stays. */
const CLAIM_KEY = `INSERT INTO facts (name, value) VALUES ('vault key', $1) ON CONFLICT (name) DO NOTHING`;
const SELECT_KEY = `SELECT value FROM facts WHERE name = 'vault key'`;
const INSERT = 'INSERT INTO secrets (id, run_id, sealed) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING';
const SELECT = 'SELECT sealed FROM secrets WHERE id = $1';

/** Secrets at rest, with a key that every process of this journal is given and the database never sees. */
export function createVault(source: VaultKeySource, database: Database): Pick<Journal<{ type: string }>, 'seal' | 'unseal'> {
  let known: Buffer | undefined;
  let checked: Promise<void> | undefined;
  const key = (): Buffer => (known ??= readVaultKey(source));
  const check = (): Promise<void> =>
    (checked ??= refuseOtherKey(database, key()).catch((cause: unknown) => {
      checked = undefined;
      throw cause;
    }));
  return {
    seal: async (runId, secret) => {
      await check();
      const id = `${runId}:${randomText(16)}`;
      const sealed = sealText(secret.reveal(), key(), id);
      await change(database, 'seal', [INSERT, id, runId, sealed]);
      return id;
    },
    unseal: async (reference) => {
      const [row] = await query(database, SELECT, [reference]);
      return openSealed(row?.['sealed'], key, reference);
    },
  };
}

/** A secret sealed with another key than the others would only be missed when a step needs it, in the middle of a migration. */
async function refuseOtherKey(database: Database, key: Buffer): Promise<void> {
  const given = fingerprintOf(key);
  await change(database, 'vault key', [CLAIM_KEY, given]);
  const [row] = await query(database, SELECT_KEY);
  if (row?.['value'] !== given) throw otherKey(String(row?.['value']), given);
}
