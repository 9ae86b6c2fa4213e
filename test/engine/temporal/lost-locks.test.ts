import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { stateOf } from '../../../src/engine/evolve.ts';
import type { LockProof } from '../../../src/engine/locks.ts';
import type { Taken } from '../../../src/engine/temporal/contract.ts';
import { RULES } from '../../../src/engine/temporal/settings.ts';
import { openBook } from '../../../src/engine/temporal/workflow/book.ts';
import { createHands, type Ended, type Hands } from '../../../src/engine/temporal/workflow/hands.ts';
import { openInbox } from '../../../src/engine/temporal/workflow/inbox.ts';
import { createKeeping } from '../../../src/engine/temporal/workflow/keeping.ts';
import { createPickup } from '../../../src/engine/temporal/workflow/pickup.ts';
import { RUN_ID } from '../support.ts';

// What a run does while it has lost its locks, piece by piece; no server is needed for that.

const proofOf = (digest: string): LockProof => ({ runId: RUN_ID, holder: 'user:ada', digest: `sha256:${digest}` });
const FIRST = proofOf('first');
const SECOND = proofOf('second');
const rules = { ...RULES, queue: 'q', attributes: false };
const EFFECT = { zone: 'far', heartbeatMs: 1, longestMs: 1, path: 'one/a' } as const;
const task = { path: 'one/a', attempt: 1, uses: 'test.work', with: {}, key: 'k', timeoutMs: 0, ledger: {}, repeatable: true, probes: false };
const work = { runId: RUN_ID, task, secrets: [], heartbeatMs: 1 };
const effectOf = (id: string) => ({ ...EFFECT, name: 'execute', argument: work, id }) as const;

interface Began {
  readonly id: string;
  readonly proof: LockProof | undefined;
  isCancelled: boolean;
  readonly end: (how: Ended<never>) => void;
}

/** A run that holds its locks, with a worker that does what the test says. `isNew` is false for a history of an earlier version. */
function runThatHolds({ isNew = true } = {}) {
  const [began, asked]: [Began[], ((taken: Taken) => void)[]] = [[], []];
  const [inbox, book] = [openInbox({ lean: true }), openBook(stateOf([]))];
  const takeLocks = () => new Promise<Taken>((answer) => void asked.push(answer));
  const keeping = createKeeping({ runId: RUN_ID, book, inbox, before: { proof: FIRST }, takeLocks, isPatched: () => isNew });
  const hands: Hands = {
    start: ({ id, name }, then) => {
      const { proof, over } = keeping.started(name);
      const end = (how: Ended<never>): void => {
        over();
        then(how);
      };
      const one: Began = { id, proof, isCancelled: false, end };
      began.push(one);
      return () => void (one.isCancelled = true);
    },
  };
  const context = { start: { runId: RUN_ID, owner: 'o', kinds: {}, rules }, rules, book, inbox, hands, keeping };
  const ends: Ended<unknown>['how'][] = [];
  const pickup = createPickup(context);
  const start = (id: string): (() => void) => pickup.start(effectOf(id), ({ how }) => void ends.push(how));
  const hold = async (proof: LockProof): Promise<void> => {
    asked.shift()?.({ state: 'held', proof });
    await setImmediate();
    inbox.take();
  };
  return { began, asked, ends, inbox, keeping, start, hold };
}

test('a step that no worker took while its run lost its locks is put into its queue again only under new ones', async () => {
  const { began, ends, keeping, start, hold } = runThatHolds();
  start('a');
  keeping.lost(FIRST);
  began[0]?.end({ how: 'unpicked' });
  assert.equal(began.length, 1);
  keeping.ask();
  await hold(SECOND);
  assert.deepEqual(
    began.map(({ proof }) => proof),
    [FIRST, SECOND],
  );
  assert.deepEqual(ends, []);
});

test('a step that waits for the locks of its run can be cancelled, and so can one that began again at once', async () => {
  const { began, ends, inbox, keeping, start } = runThatHolds();
  const cancelFirst = start('a');
  began[0]?.end({ how: 'unlocked' }); // and the run has others by now
  cancelFirst();
  inbox.take();
  assert.deepEqual([began[1]?.isCancelled, ends], [true, []]);
  const cancelSecond = start('b');
  keeping.lost(FIRST);
  began[2]?.end({ how: 'unpicked' });
  cancelSecond();
  inbox.take();
  assert.deepEqual([began.length, ends], [3, ['cancelled']]);
});

test('locks are asked for again once no effect goes on that began under those that were lost; what waits for them counts as none', async () => {
  const { began, asked, keeping, start, hold } = runThatHolds();
  for (const id of ['a', 'b']) start(id);
  keeping.lost(FIRST);
  began[0]?.end({ how: 'unlocked' });
  keeping.ask();
  assert.equal(asked.length, 0);
  began[1]?.end({ how: 'lost', cause: 'its locks' });
  keeping.ask();
  keeping.ask();
  assert.equal(asked.length, 1);
  await hold(SECOND);
  assert.deepEqual([began.length, began[2]?.id, began[2]?.proof], [3, 'a', SECOND]);
});

test('a history of an earlier version goes on as it was decided then', () => {
  const { began, asked, keeping, start } = runThatHolds({ isNew: false });
  for (const id of ['a', 'b']) start(id);
  keeping.lost(FIRST);
  began[0]?.end({ how: 'unpicked' });
  keeping.ask();
  assert.deepEqual([began.length, asked.length], [3, 1]);
});

test('without locks no effect is given to a worker; what only looks is', () => {
  const { inbox, keeping } = runThatHolds();
  keeping.lost(FIRST);
  const ends: string[] = [];
  const effect = { ...effectOf('a'), pickUpMs: 1 };
  // Outside a workflow nothing can be scheduled: it would throw.
  const cancel = createHands({ rules, inbox, keeping, board: () => undefined }).start(effect, ({ how }) => void ends.push(how));
  inbox.take();
  cancel();
  assert.deepEqual([ends, keeping.mayStart('executeHost'), keeping.mayStart('probe'), keeping.mayStart('watch')], [['unlocked'], false, true, true]);
});
