import type { DatabaseSync } from 'node:sqlite';
import { type Applied, appliedAll, type Migration, missingSteps } from '../migrations.ts';

const CREATE_COMPONENTS = 'CREATE TABLE IF NOT EXISTS components (name TEXT PRIMARY KEY, version INTEGER NOT NULL, oldest INTEGER NOT NULL) STRICT';
const UPSERT_APPLIED = `INSERT INTO components (name, version, oldest) VALUES (?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, oldest = MAX(oldest, excluded.oldest)`;

/**
 * Bring the tables of one part of the database up to date.
 *
 * @param component name of the part, for example `journal`.
 * @throws {SlipwayError} `JOURNAL_NEWER`, `JOURNAL_OLDER`.
 */
export function migrate(database: DatabaseSync, component: string, known: readonly Migration[]): void {
  if (missingSteps(known, applied(database, component)).length === 0) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have migrated while this one waited for the lock.
    const missing = missingSteps(known, applied(database, component));
    database.exec(CREATE_COMPONENTS);
    for (const { sql } of missing) database.exec(sql);
    const { version, oldest } = appliedAll(known);
    if (missing.length > 0) database.prepare(UPSERT_APPLIED).run(component, version, oldest);
    if (missing.length > 0 && component === 'journal') database.exec(`PRAGMA user_version = ${oldest}`);
    database.exec('COMMIT');
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

function applied(database: DatabaseSync, component: string): Applied {
  const there = database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'components'`).get() !== undefined;
  const row = there ? database.prepare('SELECT version, oldest FROM components WHERE name = ?').get(component) : undefined;
  // Slipway 0.1 kept one number, and refuses a database whose number it does not know: now it says which version is the oldest that may use it.
  const number = component === 'journal' ? Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0) : 0;
  return { version: Number(row?.['version'] ?? number), oldest: Math.max(Number(row?.['oldest'] ?? 0), number) };
}
