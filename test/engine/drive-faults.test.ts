import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlipwayError } from '../../src/core/index.ts';
import { type EventBody, stateOf } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';
import { create, drive, graphOf, hostKind, hostRule, type Ledger, node, RUN_ID, temporaryJournal, workKind } from './support.ts';

const IO = () => new SlipwayError('JOURNAL_IO', 'the journal cannot be used');
/** A journal whose append fails once for the chosen event: after it was written, or instead. */
function failingOn(journal: Journal<EventBody>, when: (body: EventBody) => boolean, isApplied: boolean): Journal<EventBody> {
  let isLeft = true;
  return {
    ...journal,
    append: async (runId, bodies, lease) => {
      const isHit = isLeft && bodies.some(when);
      if (isHit) isLeft = false;
      if (isHit && !isApplied) throw IO();
      const events = await journal.append(runId, bodies, lease);
      if (isHit) throw IO();
      return events;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
const soon = (ms: number) => new Promise((done) => setTimeout(done, ms));
const abortable = (signal: AbortSignal) =>
  new Promise<never>((_done, failed) => signal.addEventListener('abort', () => failed(signal.reason as Error), { once: true }));

for (const type of ['stepStarted', 'stepFinished', 'phaseStarted', 'runFinished', 'leaseTaken'] as const) {
  for (const isApplied of [true, false]) {
    test(
      `the store reports an error for ${type} it ${isApplied ? 'has written' : 'has not written'}: the driver stops, and the next one ends the run`,
      { timeout: 10_000 },
      async () => {
        await using place = temporaryJournal();
        const ledger: Ledger = [];
        const graph = graphOf([node('one/a', { idempotency: 'manual' }), node('one/b', { needs: ['one/a'] })]);
        const setting = { journal: place.journal, graph, kinds: [workKind(ledger)] };
        await create(setting);
        const failing = failingOn(place.journal, (body) => body.type === type, isApplied);
        await assert.rejects(drive({ ...setting, journal: failing }), { code: 'JOURNAL_IO' });
        assert.equal((await place.journal.run(RUN_ID))?.lease, undefined, 'the lease is given back');
        const found = stateOf(await place.journal.read(RUN_ID)).tasks.get('one/a')?.state;
        const { state } = await drive(setting);
        assert.equal(state, found === 'running' ? 'attention' : 'succeeded');
        assert.ok(ledger.filter((path) => path === 'one/a').length <= 1);
        assert.equal((await place.journal.verify(RUN_ID)).ok, true);
      },
    );
  }
}

test('when something cannot be recorded, what else is under way is aborted before the driver ends', { timeout: 10_000 }, async () => {
  await using place = temporaryJournal();
  let aborted = false;
  const kind = workKind([], async ({ path, signal }) => {
    if (path === 'one/slow') await abortable(signal).catch(() => (aborted = true));
    else await soon(30);
    return {};
  });
  const setting = { journal: place.journal, graph: graphOf([node('one/slow'), node('one/a')]), kinds: [kind] };
  await create(setting);
  await assert.rejects(drive({ ...setting, journal: failingOn(place.journal, (body) => body.type === 'stepFinished', false) }), { code: 'JOURNAL_IO' });
  assert.equal(aborted, true);
  assert.ok(!(await place.journal.read(RUN_ID)).some(({ body }) => body.type === 'stepFinished'), 'it records nothing more');
});

test('a full disk stops the driver; with room again the run ends', { timeout: 20_000 }, async () => {
  await using small = temporaryJournal({ maxPages: 40 });
  const graph = graphOf(Array.from({ length: 12 }, (_, n) => node(`one/s${n}`, { needs: n === 0 ? [] : [`one/s${n - 1}`] })));
  const kind = workKind([], async () => ({ text: 'x'.repeat(20_000) }));
  const setting = { journal: small.journal, graph, kinds: [kind] };
  await create(setting);
  await assert.rejects(drive(setting), { code: 'JOURNAL_FULL' });
  const { openJournal } = await import('../../src/journal/index.ts');
  const { systemClock } = await import('../../src/core/index.ts');
  await using roomy = openJournal<EventBody>({ dir: small.dir, clock: systemClock, isDead: () => true });
  assert.equal((await drive({ ...setting, journal: roomy })).state, 'succeeded');
  assert.equal((await roomy.verify(RUN_ID)).ok, true);
});

test('an effect that ignores its abort is left behind, and what its host says later is rejected and kept', { timeout: 10_000 }, async () => {
  await using place = temporaryJournal();
  const graph = graphOf([
    node('one/a', { uses: 'test.hosts', timeoutMs: 50, onFailure: 'continue', hosts: hostRule(['h1', 'h2'], { throttle: 1 }) }),
    node('one/b', { needs: ['one/a'] }),
  ]);
  const begun: string[] = [];
  const slow = hostKind(async ({ host }) => {
    begun.push(host.name);
    await soon(400);
  });
  const setting = { journal: place.journal, graph, kinds: [slow, workKind([], async () => soon(400).then(() => ({})))] };
  await create(setting);
  assert.equal((await drive(setting)).state, 'succeeded');
  const data = stateOf(await place.journal.read(RUN_ID));
  assert.equal(data.tasks.get('one/a')?.state, 'timedOut');
  assert.deepEqual(data.tasks.get('one/a')?.hosts, { h1: 'inDoubt' });
  assert.ok((await place.journal.read(RUN_ID)).some(({ body }) => body.type === 'lateResultRejected' && body.path === 'one/a'));
  assert.deepEqual(begun, ['h1'], 'no further host begins');
});

test('the heartbeat: silence ends an attempt, output keeps it alive', { timeout: 10_000 }, async () => {
  await using place = temporaryJournal();
  const graph = graphOf([node('one/silent', { heartbeatMs: 60, onFailure: 'continue' }), node('one/busy', { heartbeatMs: 200 })]);
  const kind = workKind([], async ({ path, signal, heartbeat }) => {
    if (path === 'one/silent') await abortable(signal);
    for (let n = 0; n < 8; n++) {
      await soon(50);
      heartbeat();
    }
    return {};
  });
  const setting = { journal: place.journal, graph, kinds: [kind] };
  await create(setting);
  await drive(setting);
  const { tasks } = stateOf(await place.journal.read(RUN_ID));
  assert.equal(tasks.get('one/silent')?.error?.code, 'HEARTBEAT_LOST');
  assert.equal(tasks.get('one/busy')?.state, 'changed');
});

test('cancelling a run cancels the runbook it called, also after a crash', { timeout: 10_000 }, async () => {
  for (const isCrashed of [false, true]) {
    await using place = temporaryJournal();
    const { journal } = place;
    let ended = '';
    const begun = Promise.withResolvers<void>();
    const call = async (_request: unknown, signal: AbortSignal): Promise<never> => {
      begun.resolve();
      if (!signal.aborted) await abortable(signal).catch(() => undefined);
      ended = (signal.reason as Error).message;
      throw new SlipwayError('CALL_ENDED', 'the called run was cancelled');
    };
    const graph = graphOf([
      node('one/call', { uses: 'runbook.call', with: { runbook: 'other' }, timeoutMs: 0 }),
      node('one/finally/0', { role: 'finally', owner: 'one' }),
    ]);
    const ledger: Ledger = [];
    const setting = { journal, graph, kinds: [workKind(ledger)], call };
    await create(setting);
    const stop = new AbortController();
    const first = drive({ ...setting, signal: stop.signal });
    await begun.promise;
    if (isCrashed) stop.abort();
    else await journal.post(RUN_ID, { type: 'cancelRequested', id: 'c', by: 'user:ada' }, 'c');
    await first;
    if (isCrashed) {
      await journal.post(RUN_ID, { type: 'cancelRequested', id: 'c', by: 'user:ada' }, 'c');
      await drive(setting);
    }
    assert.equal(stateOf(await journal.read(RUN_ID)).finished?.state, 'cancelled');
    assert.match(ended, /cancelled by user:ada/);
    assert.deepEqual(ledger, ['one/finally/0']);
  }
});

test('a driver stays while something comes by itself, although a person is asked something too', { timeout: 10_000 }, async () => {
  await using place = temporaryJournal();
  const kind = workKind([], async () => Promise.reject(new SlipwayError('ASK', 'what now', { retry: 'pauseForHuman' })));
  const graph = graphOf([node('one/a'), node('one/wait', { uses: 'pause', with: { duration: '200ms' }, timeoutMs: 0 })]);
  const setting = { journal: place.journal, graph, kinds: [kind] };
  await create(setting);
  assert.equal((await drive(setting)).state, 'attention');
  assert.equal(stateOf(await place.journal.read(RUN_ID)).tasks.get('one/wait')?.state, 'ok');
});

for (const [queue, states] of [
  ['fifo', ['succeeded', 'succeeded', 'succeeded']],
  ['latest', ['succeeded', 'cancelled', 'succeeded']],
] as const) {
  test(`a concurrency group, ${queue}: one at a time, in the order they were created, whatever their clocks say`, { timeout: 20_000 }, async () => {
    await using place = temporaryJournal();
    const ledger: Ledger = [];
    let now = 0;
    const kind = workKind(ledger, async ({ runId }) => {
      assert.equal(++now, 1, 'two at once');
      await soon(400);
      now--;
      ledger.push(runId);
      return {};
    });
    const graph = graphOf([node('one/a')], { concurrency: { group: 'g', queue, max: 1 } });
    const settings = [3, 1, 2].map((createdAt, n) => ({
      journal: place.journal,
      graph,
      kinds: [kind],
      runId: `run-20261123-000000000${n}`,
      createdAt,
      owner: `test:${n}`,
    }));
    for (const setting of settings) await create(setting);
    const ends = await Promise.all(settings.map((setting) => drive(setting)));
    assert.deepEqual(
      ends.map(({ state }) => state),
      states,
    );
    assert.deepEqual(
      ledger.filter((line) => line.startsWith('run-')),
      settings.flatMap(({ runId }, n) => (states[n] === 'succeeded' ? [runId] : [])),
    );
  });
}

test('a driver that is told to stop leaves the run to the next one, at once', { timeout: 10_000 }, async () => {
  await using place = temporaryJournal();
  let tries = 0;
  const begun = Promise.withResolvers<void>();
  const kind = workKind([], async ({ path, signal }) => {
    if (path !== 'one/b' || ++tries > 1) return {};
    begun.resolve();
    return abortable(signal);
  });
  const setting = { journal: place.journal, graph: graphOf([node('one/a'), node('one/b', { needs: ['one/a'] })]), kinds: [kind] };
  await create(setting);
  const stop = new AbortController();
  const first = drive({ ...setting, signal: stop.signal });
  await begun.promise;
  stop.abort();
  assert.equal((await first).state, 'running');
  assert.equal((await drive(setting)).state, 'succeeded');
  assert.equal(tries, 2);
});
