import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { openSqliteStore, type Store } from '../../src/store/index.ts';

describe('writes that are asked for in one turn', () => {
  let dir = '';
  let store: Store;
  let names: string[] = [];
  const open = (more = {}): Store => openSqliteStore({ dir, clock: systemClock, onBoundary: (name) => names.push(name), ...more });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'slipway-together-'));
    names = [];
    store = open();
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  test('share one transaction, whatever they write', async () => {
    await Promise.all([
      store.queues.enqueue('q', { id: 'a', payload: null }),
      store.documents.put('c', 'k', 1),
      store.queues.enqueue('q', { id: 'b', payload: null }),
      store.audit.append({ actor: 'system', action: 'a', object: 'o' }),
      store.locks.acquire('l', { holder: 'h', runId: 'r', ttlMs: 1_000, queue: false }),
    ]);
    assert.deepEqual(names, ['before enqueue+document+audit+lock', 'after enqueue+document+audit+lock']);
  });

  test('are acknowledged only once they are committed', async () => {
    const seen: boolean[] = [];
    const reader = new DatabaseSync(join(dir, 'journal.db'), { readOnly: true });
    try {
      const isThere = (): boolean => reader.prepare(`SELECT 1 FROM jobs WHERE id = 'a'`).get() !== undefined;
      const accepted = store.queues.enqueue('q', { id: 'a', payload: null }).then(() => seen.push(isThere()));
      seen.push(isThere());
      await accepted;
      assert.deepEqual(seen, [false, true]);
    } finally {
      reader.close();
    }
  });

  test('let requests in between: a worker with a backlog gives way after each job', async () => {
    const JOBS = 20;
    await Promise.all(Array.from({ length: JOBS }, (_, n) => store.queues.enqueue('q', { id: `j${n}`, payload: null })));
    let turns = 0;
    let isOver = false;
    const count = (): void => void (isOver || (turns++, setImmediate(count)));
    setImmediate(count);
    for (let claim = await store.queues.claim('q', 'w', 1_000); claim; claim = await store.queues.claim('q', 'w', 1_000))
      await store.queues.finish(claim, null);
    isOver = true;
    assert.ok(turns >= JOBS, `the event loop went round ${turns} times`);
  });

  test('all fail when the store cannot be written, and none of them is kept', async () => {
    await store[Symbol.asyncDispose]();
    store = open({ maxPages: 60 });
    const large = 'x'.repeat(200_000);
    const ends = await Promise.allSettled([
      store.queues.enqueue('q', { id: 'small', payload: null }),
      store.queues.enqueue('q', { id: 'large', payload: large }),
      store.queues.enqueue('q', { id: 'behind', payload: null }),
    ]);
    for (const end of ends) assert.equal(end.status === 'rejected' && (end.reason as { readonly code?: string }).code, 'JOURNAL_FULL');
    assert.deepEqual(await store.queues.peek('q'), []);
    assert.equal((await store.queues.enqueue('q', { id: 'small', payload: null })).fresh, true, 'the next one is on its own');
  });

  test('are kept when the database refuses one of them for what it holds', async () => {
    await store.queues.enqueue('q', { id: 'first', payload: null });
    const half = store.queues.claim('q', 'w', 1_000.5); // no column of whole numbers takes it
    const whole = store.queues.enqueue('q', { id: 'second', payload: null });
    await assert.rejects(half);
    assert.equal((await whole).fresh, true);
    assert.deepEqual(
      (await store.queues.peek('q')).map(({ id, state }) => `${id} ${state}`),
      ['first ready', 'second ready'],
    );
  });

  test('are made before the store is closed', async () => {
    const accepted = store.queues.enqueue('q', { id: 'last', payload: null });
    await store[Symbol.asyncDispose]();
    assert.equal((await accepted).fresh, true);
    store = open();
    assert.equal((await store.queues.peek('q')).length, 1);
  });
});

describe('looking for work', () => {
  test('costs no more when much has been done before', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'slipway-together-'));
    try {
      await using store = openSqliteStore({ dir, clock: systemClock });
      const database = new DatabaseSync(join(dir, 'journal.db'));
      const insert = database.prepare(
        `INSERT INTO jobs (queue, id, payload, state, max_attempts, enqueued_at, not_before) VALUES ('q', ?, 'null', 'done', 10, 0, 0)`,
      );
      database.exec('BEGIN');
      for (let n = 0; n < 20_000; n++) insert.run(`old${n}`);
      database.exec('COMMIT');
      database.close();
      // The quickest of several rounds: others may use the machine in any one of them.
      const quickest = async (queue: string): Promise<number> => {
        const rounds: number[] = [];
        for (let round = 0; round < 10; round++) {
          const beganAt = performance.now();
          for (let n = 0; n < 20; n++) await store.queues.claim(queue, 'w', 1_000);
          rounds.push(performance.now() - beganAt);
        }
        return Math.min(...rounds);
      };
      const [empty, full] = [await quickest('other'), await quickest('q')];
      assert.ok(full < 20 * empty + 5, `${empty} ms for 20 claims of an empty queue, ${full} ms beside 20,000 jobs that are done`);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
