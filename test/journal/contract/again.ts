import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lying } from './lying.ts';
import { leaseOf, RUN, type StoreUnderTest } from './place.ts';

export function againContract(store: StoreUnderTest): void {
  test('a call that was applied and said that it failed can be asked again, and what it did is found', async () => {
    await using at = await store.place();
    const truth = await at.open();
    const journal = lying(truth, { create: 1, append: 1, post: 1, setState: 1, heartbeat: 1, release: 1, putEvidence: 1 });
    const failed = { code: 'JOURNAL_IO' };
    await assert.rejects(journal.create(RUN, { type: 'first' }), failed);
    await journal.create(RUN, { type: 'first' });
    await assert.rejects(journal.post(RUN.id, { type: 'p' }, 'id'), failed);
    assert.deepEqual(await journal.post(RUN.id, { type: 'p' }, 'id'), { seq: 2, fresh: false });
    const lease = await leaseOf(journal);
    await assert.rejects(journal.append(RUN.id, [{ type: 'x' }], lease), failed);
    assert.deepEqual(
      (await journal.read(RUN.id)).map(({ body }) => body.type),
      ['first', 'p', 'x'],
      'whoever appends reads what became of it before it goes on',
    );
    for (const again of [
      () => journal.setState(RUN.id, 'running', lease),
      () => journal.heartbeat(lease, 60_000),
      () => journal.putEvidence(RUN.id, Buffer.from('result')),
      () => journal.release(lease),
    ]) {
      await assert.rejects(again(), failed);
      await again();
    }
    const row = await truth.run(RUN.id);
    assert.deepEqual([row?.state, row?.lease, row?.lastSeq], ['running', undefined, 3]);
    assert.equal((await truth.verify(RUN.id)).ok, true);
  });

  test('a driver whose lease was taken although it was told otherwise is held by itself until that expires', async () => {
    await using at = await store.place();
    const truth = await at.open();
    await truth.create(RUN, { type: 'first' });
    await assert.rejects(lying(truth, { acquire: 1 }).acquire(RUN.id, 'a:1', 30_000), { code: 'JOURNAL_IO' });
    const told = await truth.acquire(RUN.id, 'a:1', 30_000);
    assert.ok('heldBy' in told && told.heldBy === 'a:1');
    await at.later(31_000);
    assert.equal((await leaseOf(truth)).token, 2);
  });
}
