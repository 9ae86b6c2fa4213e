import type { Archive } from '../archive/port.ts';
import { unchanged } from '../archive/families.ts';
import { fateOf } from '../archive/rows.ts';
import { otherKey } from '../vault-key.ts';
import { type Ask, change, closeDatabase, type Database, type DatabaseOptions, openDatabase, query, transact } from './database.ts';
import { migrate } from './migrate.ts';
import { JOURNAL_SCHEMA } from './schema.ts';
import { createCarrier } from './carry.ts';

const FATES = `SELECT id, state, updated_at, last_seq, head, labels,
  CASE WHEN lease_owner IS NOT NULL AND lease_expires > (extract(epoch FROM clock_timestamp()) * 1000)::bigint THEN 1 ELSE 0 END AS driven FROM runs ORDER BY position`;
/** As runs are created under the same lock, none that refers to one of these turns up while they are removed. */
const IN_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('slipway create ' || current_schema(), 0))`;
const LOCK = 'SELECT id FROM runs WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE';
const REMOVE = ['events', 'logs', 'secrets'].map((table) => `DELETE FROM ${table} WHERE run_id = ANY($1::text[])`);
const REMOVE_EVIDENCE = 'DELETE FROM evidence_runs WHERE run_id = ANY($1::text[])';
const REMOVE_RUNS = 'DELETE FROM runs WHERE id = ANY($1::text[])';
/** A row that somebody is just about to name is locked by that; it is passed over and goes another time. */
const RECLAIM = `DELETE FROM evidence WHERE digest IN (SELECT digest FROM evidence AS piece
    WHERE NOT EXISTS (SELECT 1 FROM evidence_runs WHERE evidence_runs.digest = piece.digest) FOR UPDATE SKIP LOCKED)
  AND NOT EXISTS (SELECT 1 FROM evidence_runs WHERE evidence_runs.digest = evidence.digest) RETURNING size`;
const SELECT_KEY = `SELECT value FROM facts WHERE name = 'vault key'`;
const CLAIM_KEY = `INSERT INTO facts (name, value) VALUES ('vault key', $1) ON CONFLICT (name) DO NOTHING`;

/** Open the archive of a journal in PostgreSQL. @throws {SlipwayError} as opening the journal does. */
export async function openPgArchive(options: DatabaseOptions): Promise<Archive> {
  const database = await openDatabase(options);
  try {
    await migrate(database, 'journal', JOURNAL_SCHEMA);
  } catch (cause) {
    await closeDatabase(database);
    throw cause;
  }
  const vaultKey = async (): Promise<string | undefined> => {
    const [row] = await query(database, SELECT_KEY);
    return row && String(row['value']);
  };
  return {
    runs: async () => (await query(database, FATES)).map(fateOf),
    remove: remover(database),
    reclaim: async () => {
      const gone = await change(database, 'reclaim', [RECLAIM]);
      return { evidence: gone.length, bytes: gone.reduce((sum, row) => sum + Number(row['size']), 0) };
    },
    ...createCarrier(database),
    vaultKey,
    claimVaultKey: async (fingerprint) => {
      await change(database, 'vault key', [CLAIM_KEY, fingerprint]);
      const known = (await vaultKey()) ?? fingerprint;
      if (known !== fingerprint) throw otherKey(known, fingerprint);
    },
    [Symbol.asyncDispose]: () => closeDatabase(database),
  };
}

function remover(database: Database): Archive['remove'] {
  return async (families, { keepEvidence }) =>
    transact(database, 'prune', {
      work: async (ask) => {
        await ask(IN_TURN);
        await ask(LOCK, [families.flat().map(({ id }) => id)]);
        const removable = unchanged(families, (await ask(FATES)).map(fateOf));
        const ids = removable.flat().map(({ id }) => id);
        for (const sql of [...REMOVE, ...(keepEvidence ? [] : [REMOVE_EVIDENCE]), REMOVE_RUNS]) await ask(sql, [ids]);
        return removable;
      },
      wasKept: (ask, removed) =>
        areGone(
          ask,
          removed.flat().map(({ id }) => id),
        ),
    });
}

async function areGone(ask: Ask, ids: readonly string[]): Promise<boolean> {
  return ids.length > 0 && (await ask(LOCK, [ids])).length === 0;
}
