import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../src/core/index.ts';
import { openJournal, openSqliteArchive } from '../../src/journal/index.ts';
import { type Body, type Place, type StoreUnderTest, VAULT_KEY } from './contract/place.ts';

export const sqliteStore: StoreUnderTest = { name: 'SQLite', place: async () => sqlitePlace() };

export function sqlitePlace(): Place & { readonly dir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-journal-'));
  const opened: AsyncDisposable[] = [];
  let passedMs = 0;
  const clock = { ...systemClock, now: () => Date.now() + passedMs };
  const withDatabase = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(join(dir, 'journal.db'), { timeout: 5_000 });
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    dir,
    open: async (options = {}) => {
      const journal = openJournal<Body>({ dir, clock, vaultKey: VAULT_KEY, ...options });
      opened.push(journal);
      return journal;
    },
    openArchive: async () => {
      const archive = openSqliteArchive({ dir, clock });
      opened.push(archive);
      return archive;
    },
    later: async (ms) => void (passedMs += ms),
    sql: async (text) =>
      withDatabase((database) => {
        if (text.startsWith('SELECT')) return database.prepare(text).all();
        database.exec(text);
        return [];
      }),
    atRest: async () => {
      withDatabase((database) => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
      return readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    },
    [Symbol.asyncDispose]: async () => {
      for (const journal of opened) await journal[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
