import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUN, type StoreUnderTest } from './place.ts';

export function listContract(store: StoreUnderTest): void {
  test('runs are listed newest first, by their states, and in the order in which they were created', async () => {
    await using at = await store.place();
    const journal = await at.open();
    for (const [n, createdAt] of [5, 3, 4].entries())
      await journal.create({ ...RUN, id: `run-20261123-000000000${n}`, createdAt, concurrencyGroup: 'g' }, { type: 'first' });
    const listed = await journal.runs({ concurrencyGroup: 'g' });
    assert.deepEqual(
      listed.map(({ createdAt }) => createdAt),
      [5, 4, 3],
    );
    const [first, third, second] = listed.map(({ order }) => order);
    assert.ok(first !== undefined && second !== undefined && third !== undefined && first < second && second < third);
    const lease = await journal.acquire('run-20261123-0000000001', 'a', 1_000);
    assert.ok('token' in lease);
    await journal.setState(lease.runId, 'failed', lease);
    assert.deepEqual(
      (await journal.runs({ states: ['failed'] })).map(({ id }) => id),
      [lease.runId],
    );
    assert.equal((await journal.runs({ limit: 2 })).length, 2);
    assert.equal((await journal.runs({ runbook: 'other' })).length, 0);
    assert.equal((await journal.runs({ concurrencyGroup: 'other' })).length, 0);
  });

  test('pages of runs meet without a gap or a double, also among runs of the same moment', async () => {
    await using at = await store.place();
    const journal = await at.open();
    for (const [n, createdAt] of [5, 3, 4, 4, 4, 5].entries()) await journal.create({ ...RUN, id: `run-20261123-000000000${n}`, createdAt }, { type: 'first' });
    const whole = (await journal.runs()).map(({ id }) => id);
    const paged: string[] = [];
    for (let page = await journal.runs({ limit: 2 }); page.length > 0;) {
      paged.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      page = last ? await journal.runs({ limit: 2, before: last }) : [];
    }
    assert.deepEqual(paged, whole);
    assert.equal(paged.length, 6);
  });

  test('a run comes back as it was created', async () => {
    await using at = await store.place();
    const journal = await at.open();
    const given = { ...RUN, rehearsal: true, concurrencyGroup: 'g', labels: { parent: 'run-20261123-0000000009', deep: { list: [1, null, 'é'] } } };
    await journal.create(given, { type: 'first' });
    const row = await journal.run(RUN.id);
    assert.deepEqual({ ...row, order: 0, updatedAt: 0 }, { ...given, order: 0, updatedAt: 0, state: 'queued', lastSeq: 1 });
    assert.equal(await journal.run('run-20261123-zzzzzzzzzz'), undefined);
  });

  test('runs that are created at once have different places in the order, the same for everybody', async () => {
    await using at = await store.place();
    const [one, two] = [await at.open(), await at.open()];
    await Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 ? one : two).create({ ...RUN, id: `run-20261123-000000000${n}` }, { type: 'first' })));
    const orders = (await one.runs()).map(({ id, order }) => [id, order] as const);
    assert.equal(new Set(orders.map(([, order]) => order)).size, 10);
    assert.deepEqual(
      (await two.runs()).map(({ id, order }) => [id, order]),
      orders,
    );
  });

  test('logs: by path with what is below it, by host, after an id, and no wildcards', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const line = (path: string, host?: string) => ({
      ...{ runId: RUN.id, path, attempt: 1, at: 1, stream: 'stdout' as const, text: path },
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

  test('logs of two writers: whoever reads on from the last number it saw misses none', async () => {
    await using at = await store.place();
    const [one, two, reader] = [await at.open(), await at.open(), await at.open()];
    await one.create(RUN, { type: 'first' });
    const line = (text: string) => ({ runId: RUN.id, path: 'a', attempt: 1, at: 1, stream: 'stderr' as const, text });
    let writing = true;
    const seen: string[] = [];
    const reading = (async () => {
      for (let afterId = 0, done = false; !done;) {
        done = !writing;
        const lines = await reader.logs(RUN.id, { afterId });
        seen.push(...lines.map(({ text }) => text));
        afterId = lines.at(-1)?.id ?? afterId;
        await new Promise((tick) => setImmediate(tick));
      }
    })();
    await Promise.all([one, two].flatMap((journal, who) => Array.from({ length: 20 }, (_, n) => journal.log([line(`${who}:${n}:a`), line(`${who}:${n}:b`)]))));
    writing = false;
    await reading;
    assert.equal(new Set(seen).size, 80);
    assert.equal(seen.length, 80);
  });

  test('a line may hold whatever a command prints', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const given = 'bell \u0007, nothing \0, half \ud800, 🚢';
    await journal.log([{ runId: RUN.id, path: 'a', attempt: 1, at: 1, stream: 'stdout', text: given }]);
    const [line] = await journal.logs(RUN.id);
    const told = line?.text.replace('\u2400', '\0').replace('\ufffd', '\ud800'); // what a store cannot hold, it shows
    assert.equal(told, given);
  });
}
