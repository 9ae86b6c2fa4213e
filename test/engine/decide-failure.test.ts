import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanGraph, PlanNode } from '../../src/plan/index.ts';
import { failure, Simulation } from './simulator.ts';
import { graphOf, node } from './support.ts';

const NEVER = { on: [], budgetMs: 1_000, git: 'none' } as const;
function start(nodes: readonly PlanNode[], rest: Partial<PlanGraph> = { rollback: NEVER }, phases: Parameters<typeof graphOf>[2] = {}): Simulation {
  const run = new Simulation(graphOf(nodes, rest, phases));
  run.settle();
  return run;
}
function end(run: Simulation, path: string, result = failure()): void {
  run.finish(path, result);
  run.settle();
}
const undo = (owner: string, rest: Partial<PlanNode> = {}) => node(`${owner}/compensate/0`, { role: 'compensate', owner, order: 'normal', ...rest });

test('onFailure fail: nothing new starts, what goes on ends by itself', () => {
  const run = start([node('one/a'), node('one/b'), node('one/c', { needs: ['one/b'] }), node('two/d')]);
  end(run, 'one/a');
  assert.equal(run.state, 'running');
  run.finish('one/b');
  run.settle();
  assert.equal(run.state, 'failed');
  assert.deepEqual(run.started(), ['one/a', 'one/b']);
});

test('onFailure continue: those that need it go on', () => {
  const run = start([node('one/a', { onFailure: 'continue' }), node('one/b', { needs: ['one/a'] })]);
  end(run, 'one/a');
  run.finish('one/b');
  run.settle();
  assert.equal(run.state, 'succeeded');
});

test('onFailure rollback: rolls back although no trigger asks for it, also when it failed second', () => {
  const run = start([node('one/a'), node('one/b', { onFailure: 'rollback' }), undo('one/a')]);
  run.now += 1;
  run.finish('one/a', failure());
  run.now += 1;
  end(run, 'one/b');
  assert.equal(run.state, 'rollingBack');
  end(run, 'one/a/compensate/0', { state: 'changed', outputs: {} });
  assert.equal(run.state, 'rolledBack');
});

test('onFailure rollback of a nested step counts too', () => {
  const run = start([node('one/a'), node('one/a/rescue/0', { role: 'rescue', owner: 'one/a', onFailure: 'rollback' }), undo('one/a')]);
  end(run, 'one/a');
  end(run, 'one/a/rescue/0');
  assert.equal(run.state, 'rollingBack');
});

test('onFailure pause: asks, and goes on as a person says', () => {
  for (const [as, state] of [
    ['done', 'succeeded'],
    ['failed', 'failed'],
  ] as const) {
    const run = start([node('one/a', { onFailure: 'pause' })]);
    end(run, 'one/a');
    assert.equal(run.state, 'attention');
    run.push({ type: 'taskResolved', id: 'r', path: 'one/a', by: 'user:ada', as });
    run.settle();
    assert.equal(run.state, state);
  }
});

test('limits over all attempts begin again when a person says to try again', () => {
  const run = start([node('one/a', { onFailure: 'pause', deadlineMs: 100 })]);
  end(run, 'one/a');
  run.now += 10_000;
  run.push({ type: 'taskResolved', id: 'r', path: 'one/a', by: 'user:ada', as: 'retry' });
  const actions = run.settle();
  assert.equal(run.live.get('one/a')?.attempt, 2);
  assert.ok(!actions.some(({ type }) => type === 'cancel'));
});

test('the reason is the failure, not the wait that was stopped because of it', () => {
  const run = start([node('one/gate', { uses: 'approval', with: { approvers: ['user:bo'] }, timeoutMs: 0 }), node('one/z', { trigger: 'analysisFailed' })], {
    rollback: { ...NEVER, on: ['analysisFailed'] },
  });
  end(run, 'one/z');
  assert.match(run.data.finished?.reason ?? '', /^one\/z: broken/);
  assert.equal(run.state, 'rolledBack');
});

test('a failing finally of a step fails its phase instead of hanging it', () => {
  const nodes = [node('one/a'), node('one/a/finally/0', { role: 'finally', owner: 'one/a' }), node('one/b', { needs: ['one/a'] })];
  const run = start(nodes);
  end(run, 'one/a', { state: 'ok', outputs: {} });
  end(run, 'one/a/finally/0');
  assert.equal(run.state, 'failed');
  const tolerant = start([{ ...node('one/a'), onFailure: 'continue' }, ...nodes.slice(1)]);
  end(tolerant, 'one/a', { state: 'ok', outputs: {} });
  end(tolerant, 'one/a/finally/0');
  assert.equal(tolerant.live.has('one/b'), true);
});

test('finally of steps stopped half-way runs: retrying, half a foreach', () => {
  const run = start([
    node('one/a'),
    node('one/r', { retry: { attempts: 5, initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: 'none', except: [] } }),
    node('one/r/finally/0', { role: 'finally', owner: 'one/r' }),
    node('one/f', { foreach: [1, 2, 3], maxParallel: 1 }),
    node('one/f/finally/0', { role: 'finally', owner: 'one/f' }),
    node('one/never', { needs: ['one/a'] }),
    node('one/never/finally/0', { role: 'finally', owner: 'one/never' }),
  ]);
  end(run, 'one/r', failure('FLAKY', 'afterBackoff'));
  end(run, 'one/a');
  end(run, 'one/f[0]', { state: 'ok', outputs: {} });
  assert.deepEqual([...run.live.keys()].toSorted(), ['one/f/finally/0', 'one/r/finally/0']);
  end(run, 'one/f/finally/0', { state: 'ok', outputs: {} });
  end(run, 'one/r/finally/0', { state: 'ok', outputs: {} });
  assert.equal(run.state, 'failed');
  assert.ok(!run.started().includes('one/f[1]'), 'no new item starts after a failure');
});

test('finally of a foreach runs on cancel, and that of a skipped step does not', () => {
  const run = start([
    node('one/f', { foreach: [1] }),
    node('one/f/finally/0', { role: 'finally', owner: 'one/f' }),
    node('one/s', { if: '${{ false }}' }),
    node('one/s/finally/0', { role: 'finally', owner: 'one/s' }),
  ]);
  run.push({ type: 'cancelRequested', id: 'c', by: 'user:ada' });
  assert.ok(run.settle().some(({ type }) => type === 'cancel'));
  end(run, 'one/f[0]', { state: 'cancelled', error: { code: 'CANCELLED', message: 'x', retry: 'never' } });
  assert.deepEqual([...run.live.keys()], ['one/f/finally/0']);
});

test('finally of a phase has a rescue of its own, also in a phase that fails', () => {
  const run = start([
    node('one/a'),
    node('one/finally/0', { role: 'finally', owner: 'one' }),
    node('one/finally/0/rescue/0', { role: 'rescue', owner: 'one/finally/0' }),
  ]);
  end(run, 'one/a');
  end(run, 'one/finally/0');
  end(run, 'one/finally/0/rescue/0', { state: 'ok', outputs: {} });
  assert.equal(run.state, 'failed');
  assert.deepEqual(run.started(), ['one/a', 'one/finally/0', 'one/finally/0/rescue/0']);
});

test('failFast skips the items that have not begun; without it they run', () => {
  for (const failFast of [true, false]) {
    const run = start([node('one/f', { foreach: [1, 2, 3], maxParallel: 1, failFast })]);
    end(run, 'one/f[0]');
    for (const path of ['one/f[1]', 'one/f[2]']) if (run.live.has(path)) end(run, path, { state: 'ok', outputs: {} });
    assert.equal(run.started().length, failFast ? 1 : 3);
    assert.equal(run.stateOf('one/f[2]'), failFast ? 'skipped' : 'ok');
    assert.equal(run.state, 'failed');
  }
});

test('foreach of something that is no list fails with its reason', () => {
  const run = start([node('one/f', { foreach: '${{ inputs.none }}' })]);
  assert.equal(run.state, 'failed');
  assert.match(run.data.finished?.reason ?? '', /foreach needs a list/);
});

test('a later step sees how the items of a foreach ended', () => {
  const run = start([
    node('one/f', { id: 'f', foreach: [1, 2], onFailure: 'continue' }),
    node('one/b', {
      needs: ['one/f'],
      with: { state: '${{ steps.f.state }}', first: '${{ steps.f.items[0].outputs.n }}', second: '${{ steps.f.items[1].state }}' },
    }),
  ]);
  end(run, 'one/f[0]', { state: 'ok', outputs: { n: 5 } });
  end(run, 'one/f[1]');
  assert.deepEqual(run.live.get('one/b')?.with, { state: 'failed', first: 5, second: 'failed' });
});

for (const [value, runs] of [
  ['${{ true }}', true],
  ['${{ false }}', false],
  ['${{ null }}', false],
  ["${{ '' }}", false],
  ['${{ 0 }}', false],
] as const) {
  test(`if: ${value}: a step and a phase ${runs ? 'run' : 'are skipped'}`, () => {
    const step = start([node('one/a', { if: value }), node('one/b')]);
    assert.equal(step.live.has('one/a'), runs);
    const phase = start([node('one/a'), node('two/b')], { rollback: NEVER }, { one: { if: value } });
    assert.equal(phase.live.has('one/a'), runs);
    assert.equal(phase.live.has('two/b'), !runs);
  });
}

test('expressions see the environment of their phase only', () => {
  const run = start(
    [node('one/a', { with: { region: '${{ environment.region }}' } })],
    { rollback: NEVER, environment: { prod: { region: 'r1' } } },
    {
      one: { environment: 'prod' },
    },
  );
  assert.deepEqual(run.live.get('one/a')?.with, { region: 'r1' });
});

test('a phase that takes longer than its limit is stopped and fails', () => {
  const run = start([node('one/a')], { rollback: NEVER }, { one: { timeoutMs: 100 } });
  run.now += 100;
  assert.ok(run.settle().some(({ type }) => type === 'cancel'));
  end(run, 'one/a', { state: 'cancelled', error: { code: 'CANCELLED', message: 'x', retry: 'never' } });
  assert.equal(run.state, 'failed');
  assert.match(run.data.finished?.reason ?? '', /longer than its time limit/);
});
