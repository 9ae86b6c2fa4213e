import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlipwayError, systemClock } from '../../../src/core/index.ts';
import { stateOf, type WorkerHands } from '../../../src/engine/index.ts';
import { effectActivities } from '../../../src/engine/temporal/activities/effects.ts';
import type { Copy, Rules, Work } from '../../../src/engine/temporal/contract.ts';
import { RULES } from '../../../src/engine/temporal/settings.ts';
import { openBook } from '../../../src/engine/temporal/workflow/book.ts';
import { openInbox } from '../../../src/engine/temporal/workflow/inbox.ts';
import { createProjector } from '../../../src/engine/temporal/workflow/projector.ts';
import { createRiding } from '../../../src/engine/temporal/workflow/riding.ts';
import { record } from '../conformance/rig.ts';
import { graphOf, node, RUN_ID, temporaryJournal } from '../support.ts';

// Events ride along with steps into the journal. No server is needed for what both sides do with them.

const OWNER = 'temporal:default/run';
const STARTED = [{ seq: 2, at: 1, body: { type: 'runStarted' } }] as const;
const WORK: Work = {
  ...{ runId: RUN_ID, secrets: [], heartbeatMs: 5_000 },
  task: { path: 'one/a', attempt: 1, uses: 'test.work', with: {}, key: 'k', timeoutMs: 0, ledger: {}, repeatable: true, probes: false },
};
type Journal = WorkerHands['journal'];

function executeOn(journal: Journal, told?: WorkerHands['told']) {
  const executor = { execute: async () => ({ state: 'ok', outputs: {} }) as const, probe: () => assert.fail('nothing is looked at') };
  const hands: WorkerHands = {
    ...{ journal, clock: systemClock, release: async () => undefined, call: () => assert.fail('nothing is called') },
    toolsOf: async () => ({ executor, [Symbol.dispose]: () => undefined }),
    ...(told ? { told } : {}),
  };
  return effectActivities({ hands, here: () => ({ beat: async () => 'ok', shutdown: new AbortController().signal }) }).execute;
}

async function runWithLease(journal: Journal): Promise<Copy> {
  await record(journal, { runId: RUN_ID, graph: graphOf([node('one/a')]) });
  const lease = await journal.acquire(RUN_ID, OWNER, 60_000);
  assert.ok('token' in lease);
  return { owner: OWNER, token: lease.token, events: { text: JSON.stringify(STARTED) }, state: 'running' };
}

test('a worker copies the events that came with a step, tells of them once, and says that they are there', async () => {
  await using at = temporaryJournal();
  const copy = await runWithLease(at.journal);
  const told: string[] = [];
  const execute = executeOn(at.journal, async (_runId, events) => void told.push(...events.map(({ body }) => body.type)));
  for (const _time of ['once', 'again, by a worker that was taken for dead']) {
    const { result, copied } = await execute({ ...WORK, copy });
    assert.deepEqual([result.state, copied], ['ok', true]);
  }
  assert.deepEqual(
    (await at.journal.read(RUN_ID)).map(({ body }) => body.type),
    ['runCreated', 'runStarted'],
  );
  assert.deepEqual(told, ['runStarted']);
  assert.equal((await at.journal.run(RUN_ID))?.state, 'running');
});

test('a step goes on when the journal refuses the events that came with it, and says nothing of them', async () => {
  await using at = temporaryJournal();
  const copy = await runWithLease(at.journal);
  const { result, copied } = await executeOn(at.journal)({ ...WORK, copy: { ...copy, token: copy.token + 1 } });
  assert.deepEqual([result.state, copied], ['ok', undefined]);
  assert.equal((await at.journal.read(RUN_ID)).length, 1);
});

test('a step waits only a moment for a journal that does not answer', { timeout: 20_000 }, async () => {
  await using at = temporaryJournal();
  const copy = await runWithLease(at.journal);
  const away = Promise.withResolvers<never>();
  const { result, copied, durationMs } = await executeOn({ ...at.journal, project: () => away.promise })({ ...WORK, copy });
  assert.deepEqual([result.state, copied], ['ok', undefined]);
  assert.ok(durationMs < 150, `the wait of 200 ms is not the step's, which took ${durationMs} ms`);
  away.reject(new SlipwayError('STORE_IO', 'away'));
});

interface Settings {
  readonly rules?: Partial<Rules>;
}

function projectorOf({ rules: own }: Settings = {}) {
  const rules: Rules = { ...RULES, queue: 'q', attributes: false, ...own };
  const [inbox, book] = [openInbox(rules), openBook(stateOf([]))];
  return { rules, book, projector: createProjector({ runId: RUN_ID, owner: OWNER, token: 1, book, rules, inbox }) };
}

const typesIn = ({ events }: Copy): readonly string[] =>
  'text' in events ? (JSON.parse(events.text) as { readonly body: { readonly type: string } }[]).map(({ body }) => body.type) : [];

test('what waits rides along with the next step, once in a while, and is no longer waiting once it has arrived', () => {
  const { book, projector, rules } = projectorOf();
  book.record({ type: 'runStarted' });
  const before = Date.now();
  const ride = projector.board();
  assert.ok(ride);
  assert.deepEqual(typesIn(ride.copy), ['runStarted']);
  book.record({ type: 'attentionCleared', path: 'one/a' });
  ride.over(true);
  assert.deepEqual(
    book.unprojected.map(({ body }) => body.type),
    ['attentionCleared'],
  );
  assert.equal(projector.board(), undefined, 'the next one has to wait');
  const waits = (projector.dueAt() ?? 0) - before;
  assert.ok(waits >= 2 * rules.projectMs, `a message of its own goes after ${waits} ms, and leaves the next step no time to take it along`);
});

test('what rode along and did not arrive is sent by itself, and at once when somebody waits for it', () => {
  const { book, projector, rules } = projectorOf();
  book.record({ type: 'runStarted' });
  projector.board()?.over(false);
  assert.equal(book.unprojected.length, 1);
  const left = (projector.dueAt() ?? Infinity) - Date.now();
  assert.ok(left <= rules.projectMs, `it goes in ${left} ms`);
  projector.hurry();
  assert.equal(projector.dueAt(), 0);
});

test('one ride at a time; after one that did not arrive a message of their own goes first', () => {
  const book = openBook(stateOf([]));
  const riding = createRiding({ owner: OWNER, token: 1, book });
  book.record({ type: 'runStarted' });
  const first = riding.board();
  assert.equal(riding.board(), undefined, 'one is out');
  first?.over(false);
  assert.equal(riding.board(), undefined, 'it did not arrive');
  riding.reset();
  const second = riding.board();
  assert.deepEqual(second && typesIn(second.copy), ['runStarted']);
  first?.over(false);
  second?.over(true);
  assert.ok(riding.isLikely());
  assert.equal(book.unprojected.length, 0);
});

test('the end of a run does not ride: with it the run gives back what it holds', () => {
  const book = openBook(stateOf([]));
  book.record({ type: 'runFinished', state: 'succeeded', outputs: {} });
  assert.equal(createRiding({ owner: OWNER, token: 1, book }).board(), undefined);
});

test('nothing rides along in runs that earlier versions began, and nothing that is too long', () => {
  const old = projectorOf({ rules: { lean: undefined as never } }); // as in the arguments of an old run
  old.book.record({ type: 'runStarted' });
  assert.equal(old.projector.board(), undefined);
  const { book, projector } = projectorOf();
  book.record({ type: 'attentionRaised', path: '@engine', reason: 'x'.repeat(200_000), hint: 'h' });
  assert.equal(projector.board(), undefined);
  assert.ok((projector.dueAt() ?? Infinity) <= Date.now(), 'it goes by itself, now');
});
