import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret, systemClock } from '../../src/core/index.ts';
import type { EventBody } from '../../src/engine/index.ts';
import { type Journal, openPostgresJournal } from '../../src/journal/index.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { startProxy } from '../support/proxy.ts';
import { create, drive, graphOf, type Ledger, node, RUN_ID, runGraph, workKind } from './support.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

let schemas = 0;
async function journalAt(port?: number): Promise<Journal<EventBody>> {
  const connection = server?.connection('postgres', `engine_${schemas}`) ?? assert.fail(missing);
  return openPostgresJournal<EventBody>({
    connection: { ...connection, ...(port === undefined ? {} : { port }) },
    clock: systemClock,
    vaultKey: { from: 'setting', key: new Secret('0'.repeat(64)) },
  });
}
const paths = Array.from({ length: 12 }, (_, n) => `p/s${n}`);
const chain = graphOf(paths.map((path, n) => node(path, { needs: n === 0 ? [] : [`p/s${n - 1}`] })));

describe('the local driver over a journal in PostgreSQL', { skip: missing ?? false }, () => {
  test('a run whose database restarts in the middle goes on, and no step runs twice', { timeout: 60_000 }, async () => {
    schemas += 1;
    await using journal = await journalAt();
    const ledger: Ledger = [];
    const running = runGraph({ journal, graph: chain, kinds: [workKind(ledger, async () => (await delay(40), undefined))] });
    await delay(200);
    await server?.stop('immediate');
    await delay(100);
    await server?.start();
    const { state } = await running;
    assert.equal(state, 'succeeded');
    assert.deepEqual(ledger, paths);
    assert.equal((await journal.verify(RUN_ID)).ok, true);
    assert.equal((await journal.run(RUN_ID))?.state, 'succeeded');
  });

  test('connections cut again and again while a run goes on: the same end, each step once, one event for each thing', { timeout: 60_000 }, async () => {
    schemas += 1;
    await using proxy = await startProxy(server?.port ?? 0);
    await using journal = await journalAt(proxy.port);
    const ledger: Ledger = [];
    let cuts = 0;
    const cutting = setInterval(() => {
      cuts += 1;
      if (cuts < 15) proxy.cut();
    }, 150);
    using _cutting = { [Symbol.dispose]: () => clearInterval(cutting) };
    const { state, types } = await runGraph({ journal, graph: chain, kinds: [workKind(ledger, async () => (await delay(30), undefined))] });
    assert.equal(state, 'succeeded');
    assert.deepEqual(ledger, paths);
    assert.equal(types.filter((type) => type === 'stepStarted').length, paths.length);
    assert.equal(types.filter((type) => type === 'stepFinished').length, paths.length);
    assert.equal(types.at(-1), 'runFinished');
  });

  test('two processes that start the same run agree on who drives it, and the other takes it over when that one stops', { timeout: 60_000 }, async () => {
    schemas += 1;
    await using one = await journalAt();
    await using two = await journalAt();
    const ledger: Ledger = [];
    const stop = new AbortController();
    const kinds = [workKind(ledger, async ({ signal }) => (await delay(60, undefined, { signal }), undefined))];
    const setting = { graph: chain, kinds };
    await create({ ...setting, journal: one });
    const first = drive({ ...setting, journal: one, owner: 'one:1', signal: stop.signal });
    await delay(250);
    await assert.rejects(drive({ ...setting, journal: two, owner: 'two:1' }), { code: 'LOCKED' });
    stop.abort();
    await first.catch(() => undefined);
    assert.equal((await drive({ ...setting, journal: two, owner: 'two:1' })).state, 'succeeded');
    const finished = (await two.read(RUN_ID)).flatMap(({ body }) => (body.type === 'stepFinished' && body.result.state === 'changed' ? [body.path] : []));
    assert.deepEqual(finished, paths);
  });
});
