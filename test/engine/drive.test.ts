import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlipwayError } from '../../src/core/index.ts';
import { create, drive, graphOf, type Ledger, node, RUN_ID, runGraph, temporaryJournal, workKind } from './support.ts';

test('steps run in the order of their needs and the run succeeds', async () => {
  await using place = temporaryJournal();
  const ledger: Ledger = [];
  const graph = graphOf([node('one/a'), node('one/b', { needs: ['one/a'] }), node('one/c', { needs: ['one/b'] }), node('two/d')]);
  const { state, types } = await runGraph({ journal: place.journal, graph, kinds: [workKind(ledger)] });
  assert.equal(state, 'succeeded');
  assert.deepEqual(ledger, ['one/a', 'one/b', 'one/c', 'two/d']);
  assert.equal(types.filter((type) => type === 'stepFinished').length, 4);
  assert.deepEqual((await place.journal.verify(RUN_ID)).ok, true);
});

test('a later step sees the outputs of an earlier one', async () => {
  await using place = temporaryJournal();
  const graph = graphOf([node('one/a', { id: 'a' }), node('one/b', { needs: ['one/a'], with: { got: '${{ steps.a.outputs.n + 1 }}' } })]);
  await runGraph({ journal: place.journal, graph, kinds: [workKind([], async () => ({ n: 41 }))] });
  const started = (await place.journal.read(RUN_ID)).flatMap(({ body }) => (body.type === 'stepStarted' && body.path === 'one/b' ? [body.with] : []));
  assert.deepEqual(started, [{ got: 42 }]);
});

test('a failed step is retried as often as its rule says, then rolls the run back', async () => {
  await using place = temporaryJournal();
  const ledger: Ledger = [];
  const flaky = workKind(ledger, async ({ path }) => {
    if (path === 'one/b') throw new SlipwayError('FLAKY', 'not today', { retry: 'afterBackoff' });
    return {};
  });
  const graph = graphOf([
    node('one/a'),
    node('one/a/compensate/0', { role: 'compensate', owner: 'one/a', order: 'normal' }),
    node('one/b', { needs: ['one/a'], retry: { attempts: 3, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] } }),
    node('one/b/compensate/0', { role: 'compensate', owner: 'one/b', order: 'normal' }),
    node('one/c', { needs: ['one/b'] }),
  ]);
  const { state } = await runGraph({ journal: place.journal, graph, kinds: [flaky] });
  assert.equal(state, 'rolledBack');
  assert.deepEqual(ledger, ['one/a', 'one/b', 'one/b', 'one/b', 'one/b/compensate/0', 'one/a/compensate/0']);
});

test('foreach runs every item, at most maxParallel at once', async () => {
  await using place = temporaryJournal();
  let now = 0;
  let most = 0;
  const kind = workKind([], async () => {
    most = Math.max(most, ++now);
    await new Promise((done) => setTimeout(done, 5));
    now--;
    return {};
  });
  const graph = graphOf([node('one/a', { foreach: '${{ range(6) }}', maxParallel: 2 }), node('one/b', { needs: ['one/a'] })]);
  const { state, types } = await runGraph({ journal: place.journal, graph, kinds: [kind] });
  assert.equal(state, 'succeeded');
  assert.equal(most, 2);
  assert.equal(types.filter((type) => type === 'stepStarted').length, 7);
});

test('rescue makes good a failure, finally runs either way', async () => {
  await using place = temporaryJournal();
  const ledger: Ledger = [];
  const kind = workKind(ledger, async ({ path }) => {
    if (path === 'one/a') throw new SlipwayError('BROKEN', 'broken');
    return {};
  });
  const graph = graphOf([
    node('one/a'),
    node('one/a/rescue/0', { role: 'rescue', owner: 'one/a' }),
    node('one/a/finally/0', { role: 'finally', owner: 'one/a' }),
    node('one/b', { needs: ['one/a'] }),
    node('one/finally/0', { role: 'finally', owner: 'one' }),
  ]);
  const { state } = await runGraph({ journal: place.journal, graph, kinds: [kind] });
  assert.equal(state, 'succeeded');
  assert.deepEqual(ledger, ['one/a', 'one/a/rescue/0', 'one/a/finally/0', 'one/b', 'one/finally/0']);
});

test('switch runs the chosen case only', async () => {
  await using place = temporaryJournal();
  const ledger: Ledger = [];
  const graph = graphOf([
    node('one/s', { uses: 'switch', with: { value: 'gold' } }),
    node('one/s/case/gold/x', { role: 'case', owner: 'one/s', branch: 'gold' }),
    node('one/s/case/silver/y', { role: 'case', owner: 'one/s', branch: 'silver' }),
    node('one/z', { needs: ['one/s'] }),
  ]);
  const { state } = await runGraph({ journal: place.journal, graph, kinds: [workKind(ledger)] });
  assert.equal(state, 'succeeded');
  assert.deepEqual(ledger, ['one/s/case/gold/x', 'one/z']);
});

test('an approval opens with enough eligible votes from another process, and self-approval does not count', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const graph = graphOf([
    node('one/@approval', { uses: 'approval', with: { approvers: ['team:cab'], required: 2 } }),
    node('one/a', { needs: ['one/@approval'] }),
  ]);
  const setting = { journal, graph, kinds: [workKind([])] };
  await create(setting);
  const done = drive(setting);
  const vote = (voter: string) =>
    journal.post(RUN_ID, { type: 'voteCast', id: voter, path: 'one/@approval', voter, teams: ['cab'], decision: 'approve', planDigest: 'sha256:test' }, voter);
  await new Promise((tick) => setTimeout(tick, 50));
  await vote('user:ada'); // started the run
  await vote('user:author');
  await vote('user:bo');
  await new Promise((tick) => setTimeout(tick, 150));
  assert.equal((await journal.run(RUN_ID))?.state, 'waiting');
  await vote('user:cy');
  assert.equal((await done).state, 'succeeded');
});

test('cancel aborts what is under way, runs finally, undoes nothing', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const ledger: Ledger = [];
  const kind = workKind(ledger, async ({ path, signal }) => {
    if (path === 'one/a') await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    return {};
  });
  const graph = graphOf([
    node('one/a'),
    node('one/a/compensate/0', { role: 'compensate', owner: 'one/a' }),
    node('one/finally/0', { role: 'finally', owner: 'one' }),
    node('two/b'),
  ]);
  const setting = { journal, graph, kinds: [kind] };
  await create(setting);
  const done = drive(setting);
  while (!ledger.includes('one/a')) await new Promise((tick) => setTimeout(tick, 5));
  await journal.post(RUN_ID, { type: 'cancelRequested', id: 'c', by: 'user:ada' }, 'c');
  assert.equal((await done).state, 'cancelled');
  assert.deepEqual(ledger, ['one/a', 'one/finally/0']);
});

test('only one process drives a run', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const graph = graphOf([node('one/a', { uses: 'pause', with: { duration: '300ms' } })]);
  const setting = { journal, graph, kinds: [] };
  await create(setting);
  const first = drive(setting);
  await assert.rejects(drive({ ...setting, owner: 'test:2' }), { code: 'LOCKED', exitCode: 11 });
  assert.equal((await first).state, 'succeeded');
});

test('a value from outside that looks like a sealed secret fails its step', async () => {
  await using place = temporaryJournal();
  const kind = workKind([], async () => ({ answer: { $secret: `${RUN_ID}:0000000000000000` } }));
  const { state } = await runGraph({ journal: place.journal, graph: graphOf([node('one/a')]), kinds: [kind] });
  assert.equal(state, 'rolledBack');
  const errors = (await place.journal.read(RUN_ID)).flatMap(({ body }) =>
    body.type === 'stepFinished' && 'error' in body.result ? [body.result.error.code] : [],
  );
  assert.deepEqual(errors, ['RESERVED_KEY']);
});

test('a drained driver starts nothing more, keeps what ends in time, and gives the run back', async () => {
  await using place = temporaryJournal();
  const drain = new AbortController();
  const ledger: Ledger = [];
  const kind = workKind(ledger, async ({ path }) => {
    if (path === 'one/a') drain.abort();
    await new Promise((done) => setTimeout(done, 30));
    return {};
  });
  const graph = graphOf([node('one/a', { idempotency: 'manual' }), node('one/b', { needs: ['one/a'] })]);
  const setting = { journal: place.journal, graph, kinds: [kind] };
  await create(setting);
  const { state } = await drive({ ...setting, drain: drain.signal });
  assert.equal(state, 'running');
  assert.deepEqual(ledger, ['one/a']);
  assert.equal((await place.journal.run(RUN_ID))?.lease, undefined);
  assert.equal((await drive(setting)).state, 'succeeded');
  assert.deepEqual(ledger, ['one/a', 'one/b'], 'what ended while draining is not repeated');
});

test('what does not end while draining is aborted and found in doubt', async () => {
  await using place = temporaryJournal();
  const drain = new AbortController();
  const kind = workKind([], ({ signal }) => {
    drain.abort();
    return new Promise((_done, failed) => signal.addEventListener('abort', () => failed(new Error('aborted')), { once: true }));
  });
  const graph = graphOf([node('one/a', { idempotency: 'manual' })]);
  const setting = { journal: place.journal, graph, kinds: [kind] };
  await create(setting);
  assert.equal((await drive({ ...setting, drain: drain.signal, drainMs: 20 })).state, 'running');
  assert.equal((await drive(setting)).state, 'attention');
});
