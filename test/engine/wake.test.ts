import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import type { EventBody } from '../../src/engine/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import { create, drive, graphOf, hostKind, hostRule, node, RUN_ID, temporaryJournal } from './support.ts';

test('a request that comes between two results of hosts is heard at once, and not when the step is over', { timeout: 60_000 }, async () => {
  await using place = temporaryJournal();
  // As another process: whoever follows the journal here sees what it wrote only some time later.
  await using elsewhere = openJournal<EventBody>({ dir: place.dir, clock: systemClock });
  let heard = false;
  const kind = hostKind(async ({ host, signal }) => {
    if (host.name === 'h1') return elsewhere.post(RUN_ID, { type: 'cancelRequested', id: 'c', by: 'user:ada' }, 'c');
    await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    heard = !(signal.reason instanceof Error && 'code' in signal.reason && signal.reason.code === 'TIMED_OUT');
    signal.throwIfAborted();
  });
  const rollback = { on: [], budgetMs: 1_000, git: 'none' } as const;
  const setting = {
    journal: place.journal,
    kinds: [kind],
    graph: graphOf([node('one/a', { uses: 'test.hosts', hosts: hostRule(['h1', 'h2']), timeoutMs: 20_000 })], { rollback }),
  };
  await create(setting);
  const since = performance.now();
  assert.equal((await drive(setting)).state, 'cancelled');
  assert.ok(heard);
  assert.ok(performance.now() - since < 15_000, 'it ended by its time limit');
});
