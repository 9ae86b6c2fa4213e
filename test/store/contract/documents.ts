import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import type { StoreUnderTest } from './place.ts';

export function documentContract(store: StoreUnderTest): void {
  test('a document comes back as it was put, with a version that grows', async () => {
    await using at = await store.place();
    const { documents } = await at.open();
    const value = { list: [1, null, 'é "q" \u0000 🚢'], deep: { on: true } };
    const first = await documents.put('c', 'k', value);
    const found = await documents.get('c', 'k');
    assert.deepEqual(found?.value, value);
    assert.equal(found.version, first.version);
    const second = await documents.put('c', 'k', 'other');
    assert.ok(second.version > first.version);
    assert.equal(await documents.get('c', 'nothing'), undefined);
    assert.equal(await documents.get('other', 'k'), undefined);
  });

  test('compare and set: only the version that is stored, also for what is not there; a version is never used again', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).documents, (await at.open()).documents];
    const { version } = await one.put('c', 'k', 1, { ifVersion: 0 });
    await assert.rejects(two.put('c', 'k', 2, { ifVersion: 0 }), { code: 'STORE_CONFLICT', retry: 'afterBackoff' });
    await two.put('c', 'k', 2, { ifVersion: version });
    await assert.rejects(one.put('c', 'k', 3, { ifVersion: version }), { code: 'STORE_CONFLICT' });
    await assert.rejects(one.delete('c', 'k', { ifVersion: version }), { code: 'STORE_CONFLICT' });
    await one.delete('c', 'k');
    await one.delete('c', 'k');
    const again = await one.put('c', 'k', 1, { ifVersion: 0 });
    assert.ok(again.version > version);
    await assert.rejects(two.put('c', 'k', 9, { ifVersion: version }), { code: 'STORE_CONFLICT' });
  });

  test('of many who set the same version at once, one wins', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).documents, (await at.open()).documents];
    for (const ifVersion of [0, (await one.put('c', 'other', 1)).version]) {
      const key = ifVersion === 0 ? 'new' : 'other';
      const results = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => (n % 2 ? one : two).put('c', key, n, { ifVersion })));
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1, key);
    }
  });

  test('documents are listed in the order of their keys, by prefix, page by page', async () => {
    await using at = await store.place();
    const { documents } = await at.open();
    for (const key of ['b/2', 'a', 'b/1', 'B', 'b', 'c', 'b%', 'ä']) await documents.put('c', key, key);
    await documents.put('d', 'b/3', 1);
    const keys = async (query: Parameters<typeof documents.list>[1]) => (await documents.list('c', query)).map(({ key }) => key);
    assert.deepEqual(await keys({}), ['B', 'a', 'b', 'b%', 'b/1', 'b/2', 'c', 'ä']);
    assert.deepEqual(await keys({ prefix: 'b/' }), ['b/1', 'b/2']);
    assert.deepEqual(await keys({ prefix: 'b%' }), ['b%']);
    assert.deepEqual(await keys({ after: 'b%', limit: 2 }), ['b/1', 'b/2']);
  });

  test('what is no value is refused: secrets, numbers without a JSON form, what is too large, names that are none', async () => {
    await using at = await store.place();
    const { documents } = await at.open();
    await assert.rejects(documents.put('c', 'k', { password: new Secret('hunter2-hunter2') as never }), TypeError);
    await assert.rejects(documents.put('c', 'k', Number.NaN), TypeError);
    await assert.rejects(documents.put('c', 'k', 'x'.repeat(5 * 1024 * 1024)), { code: 'STORE_TOO_LARGE' });
    for (const key of ['', 'a\0b', 'x'.repeat(600), 'line\nbreak']) await assert.rejects(documents.put('c', key, 1), { code: 'STORE_NAME' });
    assert.deepEqual(await documents.list('c'), []);
  });
}
