import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreUnderTest } from './place.ts';

export function auditContract(store: StoreUnderTest): void {
  test('what was done is kept in order, by many at once, and found again', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).audit, (await at.open()).audit];
    assert.deepEqual(await one.read(), []);
    assert.equal((await one.verify()).ok, true);
    const written = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? one : two).append({ actor: `user:${n}`, action: n % 4 ? 'look' : 'change', object: 'o', details: { n, text: 'é' } }),
      ),
    );
    const read = await two.read();
    assert.deepEqual(
      read.map(({ seq }) => seq),
      Array.from({ length: 20 }, (_, n) => n + 1),
    );
    assert.deepEqual(
      [...written].sort((a, b) => a.seq - b.seq),
      read,
    );
    assert.equal((await one.read({ action: 'change' })).length, 5);
    assert.deepEqual(
      (await one.read({ limit: 2 })).map(({ seq }) => seq),
      [19, 20],
    );
    assert.deepEqual(
      (await one.read({ afterSeq: 18 })).map(({ seq }) => seq),
      [19, 20],
    );
    assert.deepEqual(
      (await one.read({ limit: 2, beforeSeq: 19 })).map(({ seq }) => seq),
      [17, 18],
    );
    assert.deepEqual(await one.verify(), { ok: true, records: 20, head: read.at(-1)?.hash });
  });

  for (const [name, change] of [
    ['the actor', `UPDATE audit SET actor = 'user:eve' WHERE seq = 2`],
    ['the time', 'UPDATE audit SET at = at + 1 WHERE seq = 2'],
    ['the details, written otherwise', `UPDATE audit SET details = replace(details, '{', '{ ') WHERE seq = 2`],
    ['one in the middle removed', 'DELETE FROM audit WHERE seq = 2'],
    ['the last one removed', 'DELETE FROM audit WHERE seq = 3'],
    ['all removed', 'DELETE FROM audit'],
    ['the end of the chain', 'UPDATE audit_head SET seq = 2'],
    ['the details, no JSON', `UPDATE audit SET details = '{' WHERE seq = 1`],
  ] as const) {
    test(`a changed audit is noticed: ${name}`, async () => {
      await using at = await store.place();
      const { audit } = await at.open();
      for (let n = 0; n < 3; n++) await audit.append({ actor: 'user:ada', action: 'a', object: 'o', details: { n } });
      assert.equal((await audit.verify()).ok, true);
      await at.sql(change);
      assert.equal((await audit.verify()).ok, false);
    });
  }
}
