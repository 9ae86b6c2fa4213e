import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeClock, leaseOf, place, RUN } from './support.ts';

test('50 parallel appends share few transactions and stay in order', async () => {
  await using at = place();
  const names: string[] = [];
  const journal = at.open({ onBoundary: (name) => names.push(name) });
  await journal.create(RUN, { type: 'first' });
  const lease = await leaseOf(journal);
  names.length = 0;
  const written = await Promise.all(Array.from({ length: 50 }, (_, n) => journal.append(RUN.id, [{ type: 'x', n }], lease)));
  assert.ok(names.filter((name) => name.startsWith('before append')).length <= 2, names.join());
  assert.deepEqual(
    written.flat().map(({ body }) => body.n),
    Array.from({ length: 50 }, (_, n) => n),
  );
  assert.deepEqual(
    (await journal.read(RUN.id)).map(({ seq }) => seq),
    Array.from({ length: 51 }, (_, n) => n + 1),
  );
  assert.equal((await journal.verify(RUN.id)).ok, true);
});

test('one fenced run in a batch does not take the others down', async () => {
  await using at = place();
  const journal = at.open();
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

test('several events are all there or none', async () => {
  await using at = place();
  const journal = at.open();
  await journal.create(RUN, { type: 'first' });
  const cyclic: { type: string; self?: unknown } = { type: 'x' };
  cyclic.self = cyclic;
  await assert.rejects(journal.append(RUN.id, [{ type: 'good' }, cyclic], await leaseOf(journal)), TypeError);
  assert.equal((await journal.read(RUN.id)).length, 1);
  assert.equal((await journal.verify(RUN.id)).ok, true);
});

test('create is idempotent for the same first event and refuses another', async () => {
  await using at = place();
  const journal = at.open();
  await journal.create(RUN, { type: 'first', n: 1 });
  await journal.create(RUN, { n: 1, type: 'first' });
  assert.equal((await journal.read(RUN.id)).length, 1);
  await assert.rejects(journal.create(RUN, { type: 'first', n: 2 }), { code: 'RUN_EXISTS' });
});

test('posts from a second connection interleave with appends, without a gap, each once', async () => {
  await using at = place();
  const [driver, outside] = [at.open(), at.open()];
  await driver.create(RUN, { type: 'first' });
  const lease = await leaseOf(driver);
  const appends = Array.from({ length: 40 }, (_, n) =>
    driver.append(RUN.id, [{ type: 'append', n }], lease).then(() => new Promise((tick) => setImmediate(tick))),
  );
  const posts = Array.from({ length: 40 }, async (_, n) => {
    await new Promise((tick) => setTimeout(tick, n % 7));
    return outside.post(RUN.id, { type: 'post', n }, `id-${n % 20}`);
  });
  await Promise.all([...appends, ...posts]);
  const results = await Promise.all(posts);
  assert.equal(results.filter(({ fresh }) => fresh).length, 20);
  for (const [n, { seq }] of results.entries()) assert.equal((await outside.read(RUN.id))[seq - 1]?.body.type, 'post', String(n));
  const events = await outside.read(RUN.id);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: 61 }, (_, n) => n + 1),
  );
  assert.deepEqual(await driver.verify(RUN.id), await outside.verify(RUN.id));
  assert.equal((await driver.verify(RUN.id)).ok, true);
});

test('a lease: held, renewed, expired, taken over, fenced, released', async () => {
  await using at = place();
  const clock = fakeClock();
  const [first, second] = [at.open({ clock }), at.open({ clock })];
  await first.create(RUN, { type: 'first' });
  const lease = await leaseOf(first, 'a:1', 100);
  assert.deepEqual(await second.acquire(RUN.id, 'b:2', 100), { heldBy: 'a:1', expiresAt: 1_100 });
  clock.at = 1_090;
  await first.heartbeat(lease, 100);
  clock.at = 1_150;
  assert.ok('heldBy' in (await second.acquire(RUN.id, 'b:2', 100)), 'the heartbeat counts');
  clock.at = 1_190;
  const taken = await leaseOf(second, 'b:2', 100);
  assert.equal(taken.token, lease.token + 1);
  const fenced = { code: 'JOURNAL_FENCED' };
  await assert.rejects(first.append(RUN.id, [{ type: 'late' }], lease), fenced);
  await assert.rejects(first.heartbeat(lease, 100), fenced);
  await assert.rejects(first.setState(RUN.id, 'running', lease), fenced);
  await first.release(lease); // of a lease that is not held any more: changes nothing
  assert.equal((await first.run(RUN.id))?.lease?.owner, 'b:2');
  await second.release(taken);
  assert.equal((await first.run(RUN.id))?.lease, undefined);
  assert.equal((await leaseOf(first)).token, taken.token + 1, 'a token is never used twice');
});

test('a lease of a process that is dead for certain is taken before it expires', async () => {
  await using at = place();
  const journal = at.open({ isDead: (owner) => owner === 'dead:1' });
  await journal.create(RUN, { type: 'first' });
  await leaseOf(journal, 'dead:1');
  assert.equal((await leaseOf(journal, 'b:2')).owner, 'b:2');
});

test('follow gives every event once, also those of another connection, until it is told to stop', { timeout: 10_000 }, async () => {
  await using at = place();
  const [one, two] = [at.open(), at.open()];
  await one.create(RUN, { type: 'first' });
  const lease = await leaseOf(one);
  const stop = new AbortController();
  const seen: number[] = [];
  const following = (async () => {
    for await (const { seq } of two.follow(RUN.id, 0, stop.signal)) {
      seen.push(seq);
      if (seen.length === 21) stop.abort();
    }
  })();
  for (let n = 0; n < 10; n++) {
    await one.append(RUN.id, [{ type: 'a', n }], lease);
    await two.post(RUN.id, { type: 'p', n }, `p${n}`);
  }
  await following;
  assert.deepEqual(
    seen,
    Array.from({ length: 21 }, (_, n) => n + 1),
  );
});

test('runs are listed newest first, by their states, and in the order in which they were created', async () => {
  await using at = place();
  const journal = at.open();
  for (const [n, createdAt] of [5, 3, 4].entries())
    await journal.create({ ...RUN, id: `run-20261123-000000000${n}`, createdAt, concurrencyGroup: 'g' }, { type: 'first' });
  assert.deepEqual(
    (await journal.runs({ concurrencyGroup: 'g' })).map(({ createdAt, order }) => [createdAt, order]),
    [
      [5, 1],
      [4, 3],
      [3, 2],
    ],
  );
  const lease = await journal.acquire('run-20261123-0000000001', 'a', 1_000);
  assert.ok('token' in lease);
  await journal.setState(lease.runId, 'failed', lease);
  assert.deepEqual(
    (await journal.runs({ states: ['failed'] })).map(({ id }) => id),
    [lease.runId],
  );
  assert.equal((await journal.runs({ limit: 2 })).length, 2);
});

test('logs: by path with what is below it, by host, after an id, and no wildcards', async () => {
  await using at = place();
  const journal = at.open();
  await journal.create(RUN, { type: 'first' });
  const line = (path: string, host?: string) => ({
    runId: RUN.id,
    path,
    attempt: 1,
    at: 1,
    stream: 'stdout' as const,
    text: path,
    ...(host === undefined ? {} : { host }),
  });
  await journal.log([line('one/a', 'h1'), line('one/a[2]', 'h2'), line('one/a/rescue/0'), line('one/ab'), line('one/x')]);
  assert.deepEqual(
    (await journal.logs(RUN.id, { path: 'one/a' })).map(({ text }) => text),
    ['one/a', 'one/a[2]', 'one/a/rescue/0'],
  );
  assert.equal((await journal.logs(RUN.id, { path: 'one/%' })).length, 0);
  assert.deepEqual(
    (await journal.logs(RUN.id, { host: 'h2' })).map(({ text }) => text),
    ['one/a[2]'],
  );
  const [first] = await journal.logs(RUN.id, { limit: 1 });
  assert.equal((await journal.logs(RUN.id, { afterId: first?.id ?? 0 })).length, 4);
});

test('a state folder inside a repository keeps itself out of Git', async () => {
  await using at = place();
  at.open();
  assert.equal(readFileSync(join(at.dir, '.gitignore'), 'utf8'), '*\n');
});
