import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { createMasker, SlipwayError, systemClock } from '../../../src/core/index.ts';
import { createExecutor, type WorkerHands, type WorkerLocks } from '../../../src/engine/index.ts';
import { effectActivities } from '../../../src/engine/temporal/activities/effects.ts';
import { LOCKS_GONE, LOCKS_LOST, type Work } from '../../../src/engine/temporal/contract.ts';
import type { Ports } from '../../../src/steps/index.ts';
import { kindsWith, type Ledger, RUN_ID, temporaryJournal, workKind } from '../support.ts';

// What a worker does with the locks of a run before and while it has an effect; no server is needed for that.

const PROOF = { runId: RUN_ID, holder: 'user:ada', digest: 'sha256:locks' } as const;
const WORK: Work = {
  ...{ runId: RUN_ID, secrets: [], heartbeatMs: 5_000, proof: PROOF },
  task: { path: 'one/a', attempt: 1, uses: 'test.work', with: {}, key: 'k', timeoutMs: 60_000, ledger: {}, repeatable: true, probes: false },
};
const lost = (): Promise<never> => Promise.reject(new SlipwayError('LOCK_LOST', 'gone'));

/** A worker whose clock makes every wait a moment. */
function workerOf(journal: WorkerHands['journal'], prove: WorkerLocks['prove']) {
  const began: Ledger = [];
  const stopped = workKind(began, ({ signal }) => new Promise((_, fail) => signal.addEventListener('abort', () => fail(new Error('aborted')))));
  const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 20), signal ?? new AbortController().signal) };
  const executor = createExecutor({
    ...{ runId: RUN_ID, clock: systemClock, masker: createMasker(), vault: journal, checkout: '/nowhere', rehearsal: false, graceMs: 100 },
    ...{ kindOf: kindsWith(stopped), ports: {} as Ports }, // its kind uses none
    host: () => assert.fail('no hosts'),
  });
  const locks: WorkerLocks = { prove, areNeeded: async () => true, take: () => assert.fail('a step asks for nothing'), release: async () => undefined };
  const hands: WorkerHands = {
    ...{ journal, clock, locks, release: async () => undefined, call: () => assert.fail('nothing is called') },
    toolsOf: async () => ({ executor, [Symbol.dispose]: () => undefined }),
  };
  return { began, activities: effectActivities({ hands, here: () => ({ beat: async () => 'ok', shutdown: new AbortController().signal }) }) };
}
const isFailure = (type: string) => (cause: unknown) => cause instanceof ApplicationFailure && cause.type === type;

test('a step whose run has lost its locks does not begin', async () => {
  await using at = temporaryJournal();
  const { began, activities } = workerOf(at.journal, lost);
  await assert.rejects(activities.execute(WORK), isFailure(LOCKS_GONE));
  assert.deepEqual(began, []);
});

test(
  'a step ends when its run loses its locks, and what it says does not count; a store that is away for a moment ends nothing',
  { timeout: 20_000 },
  async () => {
    await using at = temporaryJournal();
    let looks = 0;
    const { began, activities } = workerOf(at.journal, () => {
      looks += 1;
      if (looks === 2) return Promise.reject(new SlipwayError('STORE_IO', 'away'));
      return looks < 4 ? Promise.resolve() : lost();
    });
    await assert.rejects(activities.execute(WORK), isFailure(LOCKS_LOST));
    assert.deepEqual([began, looks], [['one/a'], 4]);
  },
);

test('where the store cannot say whether the locks are held, nothing begins, and a person is asked', async () => {
  await using at = temporaryJournal();
  const { began, activities } = workerOf(at.journal, () => Promise.reject(new SlipwayError('STORE_IO', 'the store is away')));
  const { result } = await activities.execute(WORK);
  assert.ok(result.state === 'failed' && result.error.retry === 'pauseForHuman' && result.error.code === 'STORE_IO');
  assert.deepEqual(began, []);
});
