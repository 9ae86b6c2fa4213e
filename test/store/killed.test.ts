import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';

test('what was accepted is there after kill -9, whenever it comes', { timeout: 60_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-store-'));
  try {
    const accepted: string[] = [];
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-child.ts'), dir, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      let told = '';
      child.stdout.on('data', (bytes: Buffer) => {
        told += bytes.toString();
        if (told.split('\n').length > 10 + round * 7) child.kill('SIGKILL');
      });
      await exited;
      accepted.push(...told.split('\n').slice(0, -1));
    }
    await using store = openSqliteStore({ dir, clock: systemClock });
    const ids = new Set((await store.queues.peek('q')).map(({ id }) => id));
    for (const id of accepted) assert.ok(ids.has(id), id);
    assert.ok(accepted.length > 40);
    assert.equal((await store.audit.verify()).ok, true);
    assert.ok((await store.audit.read()).length >= accepted.length);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('what a dead process worked on is given out again as soon as the store is opened, and what others work on is not', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-store-'));
  try {
    {
      await using store = openSqliteStore({ dir, clock: systemClock });
      for (const id of ['a', 'b']) await store.queues.enqueue('q', { id, payload: null });
      assert.equal((await store.queues.claim('q', 'dead:1', 3_600_000))?.id, 'a');
      assert.equal((await store.queues.claim('q', 'alive:1', 3_600_000))?.id, 'b');
    }
    await using store = openSqliteStore({ dir, clock: systemClock, isDead: (owner) => owner === 'dead:1' });
    const again = await store.queues.claim('q', 'next:1', 3_600_000);
    assert.deepEqual([again?.id, again?.attempt], ['a', 2]);
    assert.equal(await store.queues.claim('q', 'next:1', 3_600_000), undefined);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
