import { chmodSync, closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Digest, EXIT, randomText, SlipwayError } from '../../core/index.ts';
import { syncFolder } from '../files.ts';
import { closeDatabase, guarded, openFolder, type Store } from './database.ts';
import { readEvidence } from './evidence-files.ts';
import type { JournalOptions } from './open.ts';

/** One file with everything but the key of the vault: the database, and beside its tables the evidence and a note of when it was made. */
export const BACKUP_TABLES = `CREATE TABLE backup (version INTEGER NOT NULL, made_at INTEGER NOT NULL) STRICT;
  CREATE TABLE backup_evidence (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT`;
export const BACKUP_VERSION = 1;
const INSERT_NOTE = 'INSERT INTO backup (version, made_at) VALUES (?, ?)';
const INSERT_EVIDENCE = 'INSERT INTO backup_evidence (digest, bytes) VALUES (?, ?)';
const SELECT_DIGESTS = 'SELECT DISTINCT digest FROM evidence ORDER BY digest';
const COUNT_RUNS = 'SELECT COUNT(*) AS count FROM runs';
const SELECT_KEY = `SELECT value FROM facts WHERE name = 'vault key'`;
const TRIES = 3;
const OLD_DRAFT_MS = 24 * 3_600_000;

export interface BackedUp {
  readonly runs: number;
  readonly evidence: number;
  readonly bytes: number;
  /** Fingerprint of the key that its secrets are sealed with, when there are any: the key itself is not in the backup. */
  readonly vaultKey?: string;
}

/**
 * Copy the journal of a state folder into one file while others use it: as it is at one moment, whole or not at all.
 *
 * @param file absolute path; nothing may be there yet.
 * @throws {SlipwayError} `BACKUP_EXISTS`, `JOURNAL_*`.
 */
export async function backUpSqlite(options: Pick<JournalOptions, 'dir' | 'clock'>, file: string): Promise<BackedUp> {
  if (existsSync(file))
    throw new SlipwayError('BACKUP_EXISTS', `${file} is there already`, { exitCode: EXIT.usage, hint: 'name another file, for example with the date in it' });
  removeOldDrafts(file, options.clock.now());
  const store = openFolder(options.dir, options);
  const draft = `${file}.draft-${randomText(10)}`;
  try {
    return guarded(() => copyWhole(store, { draft, file, evidenceDir: join(options.dir, 'evidence'), now: options.clock.now() }));
  } finally {
    for (const path of [draft, `${draft}-journal`]) rmSync(path, { force: true });
    closeDatabase(store);
  }
}

interface Copying {
  readonly draft: string;
  readonly file: string;
  readonly evidenceDir: string;
  readonly now: number;
}

function copyWhole(store: Store, copying: Copying): BackedUp {
  const { draft, file } = copying;
  for (let tries = 1; ; tries++) {
    rmSync(draft, { force: true });
    // One reading transaction: the copy is of one moment, and nobody waits for it.
    store.database.prepare('VACUUM INTO ?').run(draft);
    chmodSync(draft, 0o600);
    const told = addEvidence(copying);
    if (told) {
      syncFile(draft);
      renameSync(draft, file);
      syncFolder(dirname(file));
      return { ...told, bytes: statSync(file).size };
    }
    if (tries === TRIES)
      throw new SlipwayError('JOURNAL_BUSY', 'evidence went away while it was copied', { retry: 'afterBackoff', hint: 'is somebody pruning? try again' });
  }
}

/** @returns undefined when somebody has pruned meanwhile, so that the copy names evidence that is gone. */
function addEvidence({ draft, evidenceDir, now }: Copying): Omit<BackedUp, 'bytes'> | undefined {
  const copy = new DatabaseSync(draft);
  try {
    copy.exec('PRAGMA journal_mode = DELETE');
    copy.exec('BEGIN');
    copy.exec(BACKUP_TABLES);
    copy.prepare(INSERT_NOTE).run(BACKUP_VERSION, now);
    const insert = copy.prepare(INSERT_EVIDENCE);
    const digests = copy.prepare(SELECT_DIGESTS).all();
    for (const { digest } of digests) {
      const bytes = readEvidence(evidenceDir, digest as Digest); // a column of digests
      if (!bytes) return undefined;
      insert.run(String(digest), bytes);
    }
    copy.exec('COMMIT');
    const key = copy.prepare(SELECT_KEY).get()?.['value'];
    const runs = Number(copy.prepare(COUNT_RUNS).get()?.['count']);
    return { runs, evidence: digests.length, ...(typeof key === 'string' ? { vaultKey: key } : {}) };
  } finally {
    copy.close();
  }
}

function syncFile(file: string): void {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Of backups that were killed. A younger one may still be going on. */
function removeOldDrafts(file: string, now: number): void {
  const folder = dirname(file);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    const isDraft = name.startsWith(`${basename(file)}.draft-`);
    if (isDraft && now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) > OLD_DRAFT_MS) rmSync(path, { force: true });
  }
}
