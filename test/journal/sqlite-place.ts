import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../src/core/index.ts';
import { type Journal, openJournal } from '../../src/journal/index.ts';
import type { Body, Place, StoreUnderTest } from './contract/place.ts';

export const sqliteStore: StoreUnderTest = { name: 'SQLite', place: async () => sqlitePlace() };

function sqlitePlace(): Place {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-journal-'));
  const opened: Journal<Body>[] = [];
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
    open: async (options = {}) => {
      const journal = openJournal<Body>({ dir, clock, ...options });
      opened.push(journal);
      return journal;
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
