import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../src/core/index.ts';
import { openSqliteStore, type Store } from '../../src/store/index.ts';
import { storeContract } from './contract/index.ts';
import type { StorePlace } from './contract/place.ts';

function place(): StorePlace {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-store-'));
  const opened: Store[] = [];
  let passedMs = 0;
  const clock = { ...systemClock, now: () => Date.now() + passedMs };
  return {
    open: async (options = {}) => {
      const store = openSqliteStore({ dir, clock, ...options });
      opened.push(store);
      return store;
    },
    later: async (ms) => void (passedMs += ms),
    sql: async (text) => {
      const database = new DatabaseSync(join(dir, 'journal.db'), { timeout: 5_000 });
      database.exec(text);
      database.close();
      return [];
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of opened) await store[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

storeContract({ name: 'SQLite', place: async () => place() });
