import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { type Digest, digestOfBytes, EXIT, messageOf, randomText, SlipwayError } from '../../core/index.ts';
import { newerSchema } from '../errors.ts';
import { missingSteps } from '../migrations.ts';
import { verifyStored } from '../rows.ts';
import { fingerprintOf, readVaultKey, type VaultKeySource } from '../vault-key.ts';
import { BACKUP_VERSION } from './backup.ts';
import { closeDatabase, guarded, openFolder } from './database.ts';
import { journalError } from './errors.ts';
import { writeEvidence } from './evidence-files.ts';
import type { JournalOptions } from './open.ts';
import { JOURNAL_SCHEMA } from './schema.ts';

const SELECT_NOTE = 'SELECT version, made_at FROM backup';
const SELECT_RUNS = 'SELECT rowid AS position, * FROM runs ORDER BY rowid';
const SELECT_EVENTS = 'SELECT run_id, seq, at, type, body, prev, hash FROM events WHERE run_id = ? ORDER BY seq';
const SELECT_EVIDENCE = 'SELECT digest, bytes FROM backup_evidence';
const SELECT_MISSING = 'SELECT digest FROM evidence WHERE digest NOT IN (SELECT digest FROM backup_evidence) LIMIT 1';
const SELECT_KEY = `SELECT value FROM facts WHERE name = 'vault key'`;
const SELECT_OLDEST = `SELECT oldest FROM components WHERE name = 'journal'`;
/** Whoever still drives a run from before must not go on with it: it may not even be here. */
const FENCE = 'UPDATE runs SET lease_owner = NULL, lease_expires = NULL, lease_token = lease_token + 1000000';
const HAS_TABLE = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`;
const DROP = 'DROP TABLE backup; DROP TABLE backup_evidence';
const HOLDERS = 'SELECT id, lease_owner FROM runs WHERE lease_owner IS NOT NULL AND lease_expires > ?';
const COUNT_RUNS = 'SELECT COUNT(*) AS count FROM runs';
const DRAFT = /^restore-[0-9a-z]{10}\.db(?:-journal|-wal|-shm)?$/;

export interface RestoreOptions extends Pick<JournalOptions, 'dir' | 'clock' | 'isDead'> {
  /** Absolute path of the backup. */
  readonly file: string;
  /** Put it in the place of a journal that has runs; that one is kept beside it. */
  readonly replace: boolean;
  /** Where the key of the vault comes from, to say whether it is the right one. */
  readonly vaultKey: VaultKeySource;
  /** More statements that fence off whoever worked with the database before, for tables that it may have. */
  readonly fences: readonly { readonly table: string; readonly sql: string }[];
}
export interface Restored {
  readonly runs: number;
  readonly evidence: number;
  readonly madeAt: number;
  /** Copy of the journal that was here before, when it had runs. */
  readonly before?: string;
  /** Whether the key that is set opens the secrets of the backup. */
  readonly vaultKey: 'none needed' | 'fits' | 'missing' | 'another';
}

/**
 * Put a backup in the place of a state folder's journal. Everything in it is verified first; then it is put there in one transaction, so that whoever has the
 * journal open sees the old one or the new one, also after a crash.
 *
 * @throws {SlipwayError} `BACKUP_UNREADABLE`, `BACKUP_BROKEN`, `RESTORE_OVER`, `LOCKED`, `JOURNAL_*`.
 */
export async function restoreSqlite(options: RestoreOptions): Promise<Restored> {
  const { dir } = options;
  guarded(() => mkdirSync(dir, { recursive: true, mode: 0o700 }));
  for (const name of readdirSync(dir)) if (DRAFT.test(name)) rmSync(join(dir, name), { force: true }); // of one that was killed
  const draft = join(dir, `restore-${randomText(10)}.db`);
  try {
    const checked = guarded(() => check(options, draft));
    const before = makeRoom(options);
    const source = new DatabaseSync(draft);
    try {
      // All pages at once, in one transaction of the database that is there.
      await backup(source, join(dir, 'journal.db'), { rate: 2 ** 30 }).catch((cause: unknown) => {
        throw journalError(cause);
      });
    } finally {
      source.close();
    }
    return { ...checked, ...(before === undefined ? {} : { before }) };
  } finally {
    for (const path of [draft, `${draft}-journal`]) rmSync(path, { force: true });
  }
}

/** Verify a backup, put its evidence in place, and make the database that is to be restored from it. */
function check({ dir, file, vaultKey, fences }: RestoreOptions, draft: string): Omit<Restored, 'before'> {
  if (!existsSync(file)) throw unreadable(file, 'it is not there');
  copyFileSync(file, draft);
  const database = new DatabaseSync(draft);
  try {
    const note = noteOf(database, file);
    const runs = verifyRuns(database, file);
    const missing = database.prepare(SELECT_MISSING).get();
    if (missing) throw brokenBackup(file, `the evidence ${String(missing['digest'])} is not in it`);
    let evidence = 0;
    for (const { digest, bytes } of database.prepare(SELECT_EVIDENCE).iterate()) {
      if (!(bytes instanceof Uint8Array) || digestOfBytes(bytes) !== digest) throw brokenBackup(file, `the evidence ${String(digest)} is not what it was`);
      writeEvidence(join(dir, 'evidence'), digest as Digest, bytes); // just compared with one
      evidence += 1;
    }
    const key = database.prepare(SELECT_KEY).get()?.['value'];
    const there = database.prepare(HAS_TABLE);
    database.exec('BEGIN');
    for (const { table, sql } of [{ table: 'runs', sql: FENCE }, ...fences, { table: 'backup', sql: DROP }]) if (there.get(table)) database.exec(sql);
    database.exec('COMMIT');
    return { runs, evidence, madeAt: note, vaultKey: fit(vaultKey, key) };
  } finally {
    database.close();
  }
}

/** @returns when it was made. */
function noteOf(database: DatabaseSync, file: string): number {
  try {
    const whole = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    const note = database.prepare(SELECT_NOTE).get();
    if (whole !== 'ok' || !note) throw brokenBackup(file, `SQLite says: ${String(whole)}`);
    if (Number(note['version']) > BACKUP_VERSION) throw newerSchema(Number(note['version']), BACKUP_VERSION);
    const oldest = Number(database.prepare(SELECT_OLDEST).get()?.['oldest']);
    missingSteps(JOURNAL_SCHEMA, { version: oldest, oldest });
    return Number(note['made_at']);
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    throw unreadable(file, messageOf(cause), cause);
  }
}

function verifyRuns(database: DatabaseSync, file: string): number {
  const rows = database.prepare(SELECT_RUNS).all();
  const events = database.prepare(SELECT_EVENTS);
  for (const row of rows) {
    const id = String(row['id']);
    const verified = verifyStored(id, { row, rows: events.all(id) });
    if (!verified.ok) throw brokenBackup(file, `${id}: ${verified.why}`);
  }
  return rows.length;
}

/** @returns where the journal that was there is kept. @throws {SlipwayError} `RESTORE_OVER`, `LOCKED`. */
function makeRoom({ dir, clock, replace, isDead }: RestoreOptions): string | undefined {
  const store = openFolder(dir, { clock });
  try {
    const holder = store.database
      .prepare(HOLDERS)
      .all(clock.now())
      .find((row) => isDead?.(String(row['lease_owner'])) !== true);
    if (holder)
      throw new SlipwayError('LOCKED', `${String(holder['id'])} is driven by ${String(holder['lease_owner'])}`, {
        exitCode: EXIT.locked,
        hint: 'stop that process first; a run that is being driven must not lose its journal',
      });
    const runs = Number(store.database.prepare(COUNT_RUNS).get()?.['count']);
    if (runs === 0) return undefined;
    if (!replace)
      throw new SlipwayError('RESTORE_OVER', `the state folder holds a journal with ${runs} run${runs === 1 ? '' : 's'}`, {
        exitCode: EXIT.usage,
        hint: 'add --force to put the backup in its place; a copy of it is kept beside it',
      });
    const before = join(dir, `journal.db.before-${new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-')}`);
    guarded(() => store.database.prepare('VACUUM INTO ?').run(before));
    return before;
  } finally {
    closeDatabase(store);
  }
}

function fit(source: VaultKeySource, fingerprint: unknown): Restored['vaultKey'] {
  if (typeof fingerprint !== 'string') return 'none needed';
  if (source.from === 'nowhere' || (source.from === 'file' && !existsSync(source.file))) return 'missing';
  const key = source.from === 'file' && readFileSync(source.file).length === 0 ? undefined : readVaultKey(source);
  return key && fingerprintOf(key) === fingerprint ? 'fits' : 'another';
}

function unreadable(file: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('BACKUP_UNREADABLE', `${file} cannot be read as a backup: ${why}`, {
    cause,
    exitCode: EXIT.usage,
    hint: 'name a file that "slipway backup" made',
  });
}

function brokenBackup(file: string, why: string): SlipwayError {
  return new SlipwayError('BACKUP_BROKEN', `${file} does not hold together: ${why}`, { hint: 'use another backup; nothing was changed here' });
}
