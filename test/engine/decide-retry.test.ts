import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, type StepResult } from '../../src/engine/index.ts';
import type { PlanNode, RetryRule } from '../../src/plan/index.ts';
import { failure, OK, silentKinds, Simulation } from './simulator.ts';
import { graphOf, node } from './support.ts';

const RULE: RetryRule = { attempts: 3, initialMs: 100, factor: 2, maxMs: 1_000, jitter: 'none', except: [] };
const TIMED_OUT: StepResult = { state: 'timedOut', error: { code: 'TIMED_OUT', message: 'too slow', retry: 'afterBackoff' } };
function only(rest: Partial<PlanNode>): Simulation {
  const run = new Simulation(graphOf([node('one/a', rest)], { rollback: { on: [], budgetMs: 1_000, git: 'none' } }));
  run.settle();
  return run;
}
function fail(run: Simulation, result: StepResult): number | undefined {
  run.finish('one/a', result);
  run.settle();
  return run.data.tasks.get('one/a')?.retryAt;
}

test('the pause before a retry grows by the factor up to the cap, then the attempts are used up', () => {
  const run = only({ retry: { ...RULE, attempts: 5, maxMs: 300 } });
  const waits: number[] = [];
  for (let attempt = 1; attempt < 5; attempt++) {
    const at = fail(run, failure('FLAKY', 'afterBackoff')) ?? 0;
    waits.push(at - run.now);
    run.now = at - 1;
    run.settle();
    assert.equal(run.live.size, 0, 'it does not start early');
    run.now = at;
    run.settle();
    assert.equal(run.live.get('one/a')?.attempt, attempt + 1);
  }
  assert.deepEqual(waits, [100, 200, 300, 300]);
  fail(run, failure('FLAKY', 'afterBackoff'));
  assert.equal(run.state, 'failed');
});

test('jitter stays within its bounds and a replay decides the same', () => {
  for (const [jitter, least] of [
    ['full', 0],
    ['equal', 50],
  ] as const) {
    const waits = [1, 2].map(() => (fail(only({ retry: { ...RULE, jitter } }), failure('FLAKY', 'afterBackoff')) ?? 0) - 1_000);
    assert.equal(waits[0], waits[1]);
    assert.ok((waits[0] ?? -1) >= least && (waits[0] ?? 999) <= 100, `${jitter}: ${waits[0]}`);
  }
});

const CLASSES: readonly [string, Partial<RetryRule>, StepResult, boolean][] = [
  ['advice afterBackoff', {}, failure('X', 'afterBackoff'), true],
  ['advice never', {}, failure('X', 'never'), false],
  ['a check', {}, failure('CHECK_FAILED', 'never'), true],
  ['a time limit', {}, TIMED_OUT, true],
  ['cancelled', {}, { state: 'cancelled', error: { code: 'CANCELLED', message: 'x', retry: 'afterBackoff' } }, false],
  ['on names it', { on: ['X'] }, failure('X', 'never'), true],
  ['on names another', { on: ['Y'] }, failure('X', 'afterBackoff'), false],
  ['except names it', { except: ['X'] }, failure('X', 'afterBackoff'), false],
  ['except wins over on', { on: ['X'], except: ['X'] }, failure('X', 'afterBackoff'), false],
];
for (const [name, rule, result, isRetried] of CLASSES) {
  test(`retry classes: ${name}: ${isRetried ? 'again' : 'not again'}`, () => {
    const run = only({ retry: { ...RULE, ...rule } });
    fail(run, result);
    assert.equal(run.stateOf('one/a') === 'retrying', isRetried);
    assert.equal(run.isOver, !isRetried);
  });
}

test('a manual step that was aborted is not repeated by a rule that does not name the code', () => {
  const run = only({ idempotency: 'manual', retry: RULE });
  fail(run, TIMED_OUT);
  assert.equal(run.state, 'failed');
  const named = only({ idempotency: 'manual', retry: { ...RULE, on: ['TIMED_OUT'] } });
  fail(named, TIMED_OUT);
  assert.equal(named.stateOf('one/a'), 'retrying');
});

test('no attempt begins after maxElapsed or the deadline', () => {
  for (const limit of [{ retry: { ...RULE, maxElapsedMs: 150 } }, { retry: RULE, deadlineMs: 150 }]) {
    const run = only(limit);
    run.now += 60; // the next attempt would begin 160 ms after the first
    fail(run, failure('FLAKY', 'afterBackoff'));
    assert.equal(run.state, 'failed');
  }
});

test('an attempt under way is stopped at the deadline, as timed out', () => {
  const run = only({ deadlineMs: 500 });
  assert.ok(run.settle().some((action) => action.type === 'timer' && action.at === 1_500));
  run.now = 1_500;
  assert.deepEqual(
    run.settle().filter(({ type }) => type === 'cancel'),
    [{ type: 'cancel', path: 'one/a', attempt: 1, reason: 'its deadline is over', isTimeout: true }],
  );
});

test('what was in doubt or waited for its retry when the deadline passed does not start again', () => {
  const doubtful = only({ deadlineMs: 500, idempotency: 'safe' });
  doubtful.crash();
  doubtful.now = 2_000;
  doubtful.settle();
  assert.equal(doubtful.stateOf('one/a'), 'timedOut');
  assert.equal(doubtful.started().length, 1);

  const retrying = only({ deadlineMs: 500, retry: RULE });
  fail(retrying, failure('FLAKY', 'afterBackoff'));
  retrying.now = 2_000; // nobody drove it meanwhile
  retrying.settle();
  assert.equal(retrying.live.size, 0);
  assert.equal(retrying.state, 'failed');
});

test('a wait ends at its time limit and at its deadline', () => {
  for (const limit of [{ deadlineMs: 300 }, { timeoutMs: 300 }]) {
    const run = only({ uses: 'wait.signal', with: { name: 'go' }, timeoutMs: 0, ...limit });
    assert.equal(run.state, 'waiting');
    run.now = 1_299;
    run.settle();
    assert.equal(run.state, 'waiting');
    run.now = 1_300;
    run.settle();
    assert.equal(run.stateOf('one/a'), 'timedOut');
  }
});

test('the heartbeat and the time limit of an attempt go to the driver', () => {
  const run = new Simulation(graphOf([node('one/a', { heartbeatMs: 40, timeoutMs: 70 })]));
  run.push({ type: 'phaseStarted', phase: 'one' });
  const [start] = decide(run.data, run.now, silentKinds);
  assert.ok(start?.type === 'start' && start.heartbeatMs === 40 && start.timeoutMs === 70 && start.key.endsWith(':one/a'));
});

test('a retry uses the values and the key of the first attempt', () => {
  const run = only({ with: { at: '${{ inputs.missing ?? 7 }}' }, retry: RULE });
  const first = run.live.get('one/a');
  run.now = fail(run, failure('FLAKY', 'afterBackoff')) ?? 0;
  run.settle();
  assert.deepEqual(run.live.get('one/a')?.with, first?.with);
  assert.equal(run.live.get('one/a')?.key, first?.key);
  run.finish('one/a', OK);
  run.settle();
  assert.equal(run.state, 'succeeded');
});
