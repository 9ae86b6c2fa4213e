import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../../core/index.ts';
import { appliedAll, type Applied, type Migration, missingSteps } from '../migrations.ts';
import type { Row } from '../rows.ts';
import { type Ask, type Database, query, transact } from './database.ts';

/** Asks the catalog as a table: by name, a session may still be told what it has found missing before another one made it. */
const HAS_TABLE = `SELECT EXISTS (SELECT FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname = $1 AND relname = 'components') AS there`;
const SELECT_APPLIED = 'SELECT version, oldest FROM components WHERE name = $1';
/** Two processes that start at once must not both migrate. The lock ends with the transaction. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtextextended('slipway schema ' || $1, 0)), set_config('lock_timeout', '60s', true), set_config('statement_timeout', '0', true)`;
/** A step that waits for a table, behind a backup for example, holds up everybody who comes for it after: it gives up soon, and comes again. */
const IMPATIENT = `SELECT set_config('lock_timeout', '1s', true)`;
const TRIES = 60;
const PAUSE_MS = 500;
const CREATE_COMPONENTS = 'CREATE TABLE IF NOT EXISTS components (name TEXT PRIMARY KEY, version INTEGER NOT NULL, oldest INTEGER NOT NULL)';
const UPSERT_APPLIED = `INSERT INTO components (name, version, oldest) VALUES ($1, $2, $3)
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, oldest = GREATEST(components.oldest, excluded.oldest)`;

/**
 * Bring the tables of one part of the database up to date.
 *
 * @param component name of the part, for example `journal`.
 * @throws {SlipwayError} `JOURNAL_NEWER`, `JOURNAL_OLDER`, `JOURNAL_READ_ONLY` when the user may not, `JOURNAL_BUSY` when others keep a table for more than a minute.
 */
export async function migrate(database: Database, component: string, known: readonly Migration[]): Promise<void> {
  if (missingSteps(known, await applied((sql, values) => query(database, sql, values), database.schema, component)).length === 0) return;
  for (let attempt = 1; ; attempt++) {
    try {
      await migrateOnce(database, component, known);
      return;
    } catch (cause) {
      if (!(cause instanceof SlipwayError) || cause.code !== 'JOURNAL_BUSY' || attempt >= TRIES) throw cause;
      await delay(PAUSE_MS);
    }
  }
}

async function migrateOnce(database: Database, component: string, known: readonly Migration[]): Promise<void> {
  await transact(database, `migrate ${component}`, {
    work: async (ask) => {
      await ask(LOCK, [database.schema]);
      // Another process may have migrated while this one waited for the lock.
      const missing = missingSteps(known, await applied(ask, database.schema, component));
      if (missing.length === 0) return;
      await ask(IMPATIENT);
      await ask(`CREATE SCHEMA IF NOT EXISTS ${database.schema}`);
      await ask(CREATE_COMPONENTS);
      for (const { sql } of missing) await ask(sql);
      const { version, oldest } = appliedAll(known);
      await ask(UPSERT_APPLIED, [component, version, oldest]);
    },
    wasKept: async () => false, // looks for itself what is there
  });
}

async function applied(ask: Ask, schema: string, component: string): Promise<Applied> {
  const [there] = await ask(HAS_TABLE, [schema]);
  const [row]: readonly (Row | undefined)[] = there?.['there'] === true ? await ask(SELECT_APPLIED, [component]) : [];
  return { version: Number(row?.['version'] ?? 0), oldest: Number(row?.['oldest'] ?? 0) };
}
