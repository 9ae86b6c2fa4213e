import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseOf, RUN, type StoreUnderTest } from './place.ts';

const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, n) => n + from);

export function appendContract(store: StoreUnderTest): void {
  test('50 parallel appends share few transactions and stay in order', async () => {
    await using at = await store.place();
    const names: string[] = [];
    const journal = await at.open({ onBoundary: (name) => names.push(name) });
    await journal.create(RUN, { type: 'first' });
    const lease = await leaseOf(journal);
    names.length = 0;
    const written = await Promise.all(numbers(50).map((n) => journal.append(RUN.id, [{ type: 'x', n }], lease)));
    assert.ok(names.filter((name) => name.startsWith('before append')).length <= 2, names.join());
    assert.deepEqual(
      written.flat().map(({ body }) => body.n),
      numbers(50),
    );
    assert.deepEqual(
      (await journal.read(RUN.id)).map(({ seq }) => seq),
      numbers(51),
    );
    assert.deepEqual(await journal.read(RUN.id, 1), written.flat(), 'what is told is what is stored');
    assert.equal((await journal.verify(RUN.id)).ok, true);
  });

  test('one fenced run in a batch does not take the others down', async () => {
    await using at = await store.place();
    const journal = await at.open();
    const other = { ...RUN, id: 'run-20261123-0000000001' };
    await journal.create(RUN, { type: 'first' });
    await journal.create(other, { type: 'first' });
    const lease = await leaseOf(journal);
    const good = await journal.acquire(other.id, 'a:1', 1_000);
    assert.ok('token' in good);
    const results = await Promise.allSettled([
      journal.append(RUN.id, [{ type: 'x' }], { ...lease, token: lease.token - 1 }),
      journal.append(other.id, [{ type: 'x' }], good),
      journal.append('run-20261123-zzzzzzzzzz', [{ type: 'x' }], lease),
    ]);
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? 'ok' : (result.reason as { code: string }).code)),
      ['JOURNAL_FENCED', 'ok', 'RUN_NOT_FOUND'],
    );
    assert.equal((await journal.read(RUN.id)).length, 1);
  });

  test('several events are all there or none, and one that has no JSON form spoils only its own append', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const cyclic: { type: string; self?: unknown } = { type: 'x' };
    cyclic.self = cyclic;
    const lease = await leaseOf(journal);
    const [bad, good] = await Promise.allSettled([
      journal.append(RUN.id, [{ type: 'good' }, cyclic], lease),
      journal.append(RUN.id, [{ type: 'good', n: 7 }], lease),
    ]);
    assert.ok(bad.status === 'rejected' && bad.reason instanceof TypeError);
    assert.equal(good.status, 'fulfilled');
    assert.deepEqual(
      (await journal.read(RUN.id)).map(({ body }) => body),
      [{ type: 'first' }, { type: 'good', n: 7 }],
    );
    assert.equal((await journal.verify(RUN.id)).ok, true);
  });

  test('a state is set together with its events, and an append of nothing changes nothing', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const lease = await leaseOf(journal);
    await journal.append(RUN.id, [{ type: 'end' }], lease, 'succeeded');
    assert.deepEqual(await journal.append(RUN.id, [], lease), []);
    const row = await journal.run(RUN.id);
    assert.deepEqual([row?.state, row?.lastSeq], ['succeeded', 2]);
    assert.equal((await journal.verify(RUN.id)).ok, true);
  });

  test('create is idempotent for the same first event and refuses another', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await Promise.all([1, 2, 3].map(() => journal.create(RUN, { type: 'first', n: 1 })));
    await journal.create(RUN, { n: 1, type: 'first' });
    assert.equal((await journal.read(RUN.id)).length, 1);
    await assert.rejects(journal.create(RUN, { type: 'first', n: 2 }), { code: 'RUN_EXISTS' });
  });

  test('posts from a second opening interleave with appends, without a gap, each once', async () => {
    await using at = await store.place();
    const [driver, outside] = [await at.open(), await at.open()];
    await driver.create(RUN, { type: 'first' });
    const lease = await leaseOf(driver);
    const appends = numbers(40).map((n) => driver.append(RUN.id, [{ type: 'append', n }], lease).then(() => new Promise((tick) => setImmediate(tick))));
    const posts = numbers(40, 0).map(async (n) => {
      await new Promise((tick) => setTimeout(tick, n % 7));
      return outside.post(RUN.id, { type: 'post', n }, `id-${n % 20}`);
    });
    await Promise.all([...appends, ...posts]);
    const results = await Promise.all(posts);
    assert.equal(results.filter(({ fresh }) => fresh).length, 20);
    const events = await outside.read(RUN.id);
    for (const [n, { seq }] of results.entries()) assert.equal(events[seq - 1]?.body.type, 'post', String(n));
    assert.deepEqual(
      events.map(({ seq }) => seq),
      numbers(61),
    );
    assert.deepEqual(await driver.verify(RUN.id), await outside.verify(RUN.id));
    assert.equal((await driver.verify(RUN.id)).ok, true);
  });

  test('a post to a run that is not there is refused, and bodies come back as they were given', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await assert.rejects(journal.post(RUN.id, { type: 'x' }, 'id'), { code: 'RUN_NOT_FOUND' });
    const text = 'é "quoted" \\ \u0000 \u2028 🚢 \ud800';
    await journal.create(RUN, { type: 'first', text });
    assert.deepEqual(
      (await journal.read(RUN.id)).map(({ body }) => body),
      [{ type: 'first', text }],
    );
    assert.equal((await journal.verify(RUN.id)).ok, true);
  });
}
