import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanGraph, PlanPhase, PlanWatch } from '../../src/plan/index.ts';
import { OK, Simulation } from './simulator.ts';
import { graphOf, node } from './support.ts';

const NEVER = { on: [], budgetMs: 1_000, git: 'none' } as const;
const NODES = [node('one/a'), node('one/a/compensate/0', { role: 'compensate', owner: 'one/a', order: 'normal' }), node('two/b')];
const CANCELLED = { state: 'cancelled', error: { code: 'CANCELLED', message: 'x', retry: 'never' } } as const;
function start(phases: { readonly [id: string]: Partial<PlanPhase> }, rest: Partial<PlanGraph> = {}, rehearsal = false): Simulation {
  const run = new Simulation(graphOf(NODES, { rollback: NEVER, ...rest }, phases), { rehearsal });
  run.settle();
  return run;
}
function wakes(run: Simulation): readonly number[] {
  return run.settle().flatMap((action) => (action.type === 'timer' ? [action.at] : []));
}

test('a phase waits for its window, then runs', () => {
  const run = start({ one: { window: [{ from: 2_000, to: 3_000 }] } });
  assert.equal(run.state, 'waiting');
  assert.deepEqual(wakes(run), [2_000]);
  assert.equal(run.live.size, 0);
  run.now = 2_000;
  run.settle();
  assert.ok(run.live.has('one/a'));
});

test('a phase whose windows are over asks a person; a rehearsal takes them as open', () => {
  const window = [{ from: 1, to: 2 }];
  assert.equal(start({ one: { window } }).state, 'attention');
  assert.ok(start({ one: { window } }, {}, true).live.has('one/a'));
});

test('onOverrun finish, pause and rollback', () => {
  const window = [{ from: 0, to: 1_500 }];
  for (const [onOverrun, state] of [
    ['finish', 'running'],
    ['pause', 'paused'],
    ['rollback', 'rollingBack'],
  ] as const) {
    const run = start({ one: { window, onOverrun } });
    run.now = 1_499;
    run.settle();
    assert.equal(run.state, 'running');
    run.now = 1_500;
    run.settle();
    assert.equal(run.state, state, onOverrun);
  }
});

test('after an overrun nothing new starts until a person resumes', () => {
  const run = start({ one: { window: [{ from: 0, to: 1_500 }], onOverrun: 'pause' } });
  run.now = 1_500;
  run.settle();
  run.finish('one/a');
  run.settle();
  assert.deepEqual(run.started(), ['one/a']);
  run.push({ type: 'resumeRequested', id: 'r', by: 'user:ada' });
  run.settle();
  assert.ok(run.live.has('two/b'));
});

test('windows that touch are one; a phase that began a moment too late has overrun', () => {
  const run = start({
    one: {
      window: [
        { from: 0, to: 1_500 },
        { from: 1_500, to: 2_000 },
      ],
      onOverrun: 'pause',
    },
  });
  assert.deepEqual(wakes(run), [2_000]);
  run.now = 1_600;
  run.settle();
  assert.equal(run.state, 'running');
  const late = new Simulation(graphOf(NODES, { rollback: NEVER }, { one: { window: [{ from: 0, to: 1_500 }], onOverrun: 'pause' } }));
  late.now = 1_501;
  late.push({ type: 'phaseStarted', phase: 'one' });
  late.settle();
  assert.equal(late.state, 'paused');
  assert.equal(late.live.size, 0);
});

for (const [behavior, state] of [
  ['fail', 'failed'],
  ['cancel', 'cancelled'],
  ['rollback', 'rolledBack'],
  ['none', 'succeeded'],
] as const) {
  test(`an agreed duration that is not kept: ${behavior}`, () => {
    const run = start({}, { sla: [{ id: 'fast', durationMs: 500, behavior }] });
    assert.ok(wakes(run).includes(1_500));
    run.now = 1_500;
    const actions = run.settle();
    if (behavior === 'none') {
      run.finish('one/a');
      run.settle();
      run.finish('two/b');
    } else {
      assert.ok(actions.some(({ type }) => type === 'cancel'));
      run.finish('one/a', CANCELLED);
    }
    run.settle();
    if (run.live.has('one/a/compensate/0')) run.finish('one/a/compensate/0');
    run.settle();
    assert.equal(run.state, state);
    assert.ok(run.types().includes('slaBreached'));
  });
}

test('an agreed duration of the run that ends between phases fails it before the next one', () => {
  const run = start({ two: { window: [{ from: 9_000, to: 9_999 }] } }, { sla: [{ id: 'fast', durationMs: 500, behavior: 'fail' }] });
  run.finish('one/a');
  run.settle();
  run.now = 1_500;
  run.settle();
  assert.equal(run.state, 'failed');
  assert.ok(!run.events.some(({ body }) => body.type === 'phaseStarted' && body.phase === 'two'));
});

test('an agreed duration of a phase ends with the phase', () => {
  const run = start({}, { sla: [{ id: 'fast', phase: 'one', durationMs: 500, behavior: 'fail' }] });
  run.finish('one/a');
  run.settle();
  run.now = 2_000;
  run.settle();
  assert.equal(run.state, 'running');
});

const WATCH: PlanWatch = { path: 'one/@watch/w', uses: 'test.work', with: {}, intervalMs: 1, initialDelayMs: 0, timeoutMs: 100, failureLimit: 0 };
test('a breached watch stops its phase, and rolls back where the runbook says so', () => {
  for (const [on, state] of [
    [['healthFailed'], 'rolledBack'],
    [[], 'failed'],
  ] as const) {
    const run = start({ one: { watch: [WATCH] } }, { rollback: { ...NEVER, on } });
    assert.ok(run.settle().some(({ type }) => type === 'watch'));
    run.push({ type: 'watchBreached', path: WATCH.path, failures: 1, message: '503' });
    assert.ok(run.settle().some(({ type }) => type === 'cancel'));
    run.finish('one/a', CANCELLED);
    run.settle();
    if (run.live.has('one/a/compensate/0')) run.finish('one/a/compensate/0', OK);
    run.settle();
    assert.equal(run.state, state);
    assert.match(run.data.finished?.reason ?? '', /503/);
  }
});

test('pause lets what goes on end and starts nothing; resume goes on', () => {
  const run = start({});
  run.push({ type: 'pauseRequested', id: 'p', by: 'user:ada' });
  run.settle();
  run.finish('one/a');
  run.settle();
  assert.equal(run.state, 'paused');
  assert.deepEqual(run.settle(), []);
  run.push({ type: 'resumeRequested', id: 'r', by: 'user:ada' });
  run.settle();
  assert.ok(run.live.has('two/b'));
});
