import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanGraph, PlanNode } from '../../src/plan/index.ts';
import { failure, OK, Simulation } from './simulator.ts';
import { graphOf, node } from './support.ts';

const CANCELLED = { state: 'cancelled', error: { code: 'CANCELLED', message: 'x', retry: 'never' } } as const;
const undo = (owner: string, order: 'early' | 'traffic' | 'normal' = 'normal', rest: Partial<PlanNode> = {}) =>
  node(`${owner}/compensate/0`, { role: 'compensate', owner, order, ...rest });
function start(nodes: readonly PlanNode[], rest: Partial<PlanGraph> = {}): Simulation {
  const run = new Simulation(graphOf(nodes, rest));
  run.settle();
  return run;
}
function forward(run: Simulation, ...paths: readonly string[]): void {
  for (const path of paths) {
    run.finish(path);
    run.settle();
  }
}
function rollBack(run: Simulation, force = false): void {
  run.push({ type: 'rollbackRequested', id: 'r', trigger: 'manual', by: 'user:ada', reason: 'asked', force });
  run.settle();
  for (const path of [...run.live.keys()]) if (!path.includes('compensate')) run.finish(path, CANCELLED);
  run.settle();
}
/** Runs what is left, one after another. @returns the waves in which compensations started. */
function unwind(run: Simulation, bad: readonly string[] = []): readonly string[][] {
  const waves: string[][] = [];
  for (let turn = 0; turn < 50 && run.live.size > 0; turn++) {
    const wave = [...run.live.keys()].toSorted();
    waves.push(wave);
    for (const path of wave) run.finish(path, bad.includes(path) ? failure() : OK);
    run.settle();
  }
  return waves;
}

test('bands: early, then traffic, then normal, whatever the phases say; phases backwards inside a band', () => {
  const run = start([
    node('one/a'),
    undo('one/a'),
    node('two/t'),
    undo('two/t', 'traffic'),
    node('three/d'),
    undo('three/d', 'early'),
    node('three/e'),
    undo('three/e'),
  ]);
  forward(run, 'one/a', 'two/t', 'three/d');
  rollBack(run);
  assert.deepEqual(unwind(run), [['three/d/compensate/0'], ['two/t/compensate/0'], ['three/e/compensate/0'], ['one/a/compensate/0']]);
  assert.equal(run.state, 'rolledBack');
});

test('reverse dependencies, side by side where there are none; only what had started', () => {
  const run = start([
    node('one/a'),
    undo('one/a'),
    node('one/b', { needs: ['one/a'] }),
    undo('one/b'),
    node('one/c', { needs: ['one/a'] }),
    undo('one/c'),
    node('one/d', { needs: ['one/b', 'one/c'] }),
    undo('one/d'),
    node('one/e', { needs: ['one/d'] }),
    undo('one/e'),
  ]);
  forward(run, 'one/a', 'one/b', 'one/c');
  rollBack(run);
  assert.deepEqual(unwind(run), [['one/d/compensate/0'], ['one/b/compensate/0', 'one/c/compensate/0'], ['one/a/compensate/0']]);
});

test('what a need owns comes before it: cases and rescues are undone after those that waited for them', () => {
  const run = start([
    node('one/s', { uses: 'switch', with: { value: 'x' } }),
    node('one/s/case/c', { role: 'case', owner: 'one/s', branch: 'x' }),
    undo('one/s/case/c'),
    node('one/z', { needs: ['one/s'] }),
    undo('one/z'),
  ]);
  forward(run, 'one/s/case/c');
  rollBack(run);
  assert.deepEqual(unwind(run), [['one/z/compensate/0'], ['one/s/case/c/compensate/0']]);
});

test('compensations of one step keep to their needs, also when these name a later one', () => {
  const run = start([
    node('one/a'),
    node('one/a/compensate/0', { role: 'compensate', owner: 'one/a', needs: ['one/a/compensate/1'] }),
    node('one/a/compensate/1', { role: 'compensate', owner: 'one/a' }),
  ]);
  rollBack(run);
  assert.deepEqual(unwind(run), [['one/a/compensate/1'], ['one/a/compensate/0']]);
});

test('every item of a foreach that had started is undone with its own item', () => {
  const run = start([node('one/f', { foreach: ['x', 'y', 'z'], maxParallel: 2 }), undo('one/f', 'normal', { with: { it: '${{ item }}' } })]);
  rollBack(run);
  const inputs = [...run.live.values()].map(({ path, with: input }) => [path, input]);
  assert.deepEqual(inputs, [
    ['one/f/compensate/0[0]', { it: 'x' }],
    ['one/f/compensate/0[1]', { it: 'y' }],
  ]);
});

test('a failing compensation does not keep the others from running', () => {
  const run = start([
    node('one/a'),
    undo('one/a'),
    node('one/b', { needs: ['one/a'] }),
    undo('one/b'),
    node('@rollback/0', { role: 'rollback', phase: '@rollback' }),
  ]);
  forward(run, 'one/a');
  rollBack(run);
  assert.deepEqual(unwind(run, ['one/b/compensate/0']), [['one/b/compensate/0'], ['one/a/compensate/0'], ['@rollback/0']]);
  assert.equal(run.state, 'rollbackFailed');
  assert.match(run.data.finished?.reason ?? '', /one\/b\/compensate\/0 failed/);
});

test('a compensation has a rescue and a finally of its own', () => {
  const nodes = [
    node('one/a'),
    undo('one/a'),
    node('one/a/compensate/0/rescue/0', { role: 'rescue', owner: 'one/a/compensate/0' }),
    node('one/a/compensate/0/finally/0', { role: 'finally', owner: 'one/a/compensate/0' }),
  ];
  const run = start(nodes);
  rollBack(run);
  assert.deepEqual(unwind(run, ['one/a/compensate/0']), [['one/a/compensate/0'], ['one/a/compensate/0/rescue/0'], ['one/a/compensate/0/finally/0']]);
  assert.equal(run.state, 'rolledBack');
});

test('rollback.steps run last, once each, in the order of their needs', () => {
  const last = (name: string, needs: readonly string[] = []) => node(`@rollback/${name}`, { role: 'rollback', phase: '@rollback', needs });
  const run = start([node('one/a'), undo('one/a'), last('x', ['@rollback/y']), last('y')]);
  rollBack(run);
  assert.deepEqual(unwind(run), [['one/a/compensate/0'], ['@rollback/y'], ['@rollback/x']]);
  assert.equal(run.state, 'rolledBack');
});

test('past the point of no return a rollback is refused, a paused run stays paused, and force overrides', () => {
  const run = start([node('one/a', { pointOfNoReturn: true }), undo('one/a'), node('one/b', { needs: ['one/a'] }), node('one/c', { needs: ['one/b'] })]);
  forward(run, 'one/a');
  run.push({ type: 'pauseRequested', id: 'p', by: 'user:ada' });
  run.push({ type: 'rollbackRequested', id: 'r1', trigger: 'manual', by: 'user:ada', reason: 'asked' });
  run.settle();
  run.finish('one/b');
  run.settle();
  assert.equal(run.state, 'paused');
  assert.equal(run.data.refusedRollback?.reason, 'asked');
  rollBack(run, true);
  assert.deepEqual(unwind(run), [['one/a/compensate/0']]);
  assert.equal(run.state, 'rolledBack');
});

test('past the point of no return a failure undoes nothing and says so', () => {
  const run = start([node('one/a', { pointOfNoReturn: true }), undo('one/a'), node('one/b', { needs: ['one/a'], onFailure: 'rollback' })]);
  forward(run, 'one/a');
  run.finish('one/b', failure());
  run.settle();
  assert.equal(run.state, 'failed');
  assert.match(run.data.finished?.reason ?? '', /point of no return/);
});

test('cancel during a rollback is ignored; a rollback during a cancel takes over', () => {
  const nodes = [node('one/a'), undo('one/a')];
  const run = start(nodes);
  rollBack(run);
  run.push({ type: 'cancelRequested', id: 'c', by: 'user:ada' });
  run.settle();
  assert.deepEqual(unwind(run), [['one/a/compensate/0']]);
  assert.equal(run.state, 'rolledBack');
  const other = start(nodes);
  other.push({ type: 'cancelRequested', id: 'c', by: 'user:ada' });
  other.settle();
  rollBack(other);
  unwind(other);
  assert.equal(other.state, 'rolledBack');
});

test('a crash of the rollback starts nothing twice that has ended', () => {
  const run = start([node('one/a'), undo('one/a'), node('one/b', { needs: ['one/a'] }), undo('one/b', 'normal', { idempotency: 'manual' })]);
  forward(run, 'one/a');
  rollBack(run);
  run.crash();
  run.settle();
  assert.equal(run.state, 'attention');
  run.push({ type: 'taskResolved', id: 'd', path: 'one/b/compensate/0', by: 'user:ada', as: 'done' });
  run.settle();
  assert.deepEqual(unwind(run), [['one/a/compensate/0']]);
  assert.equal(run.state, 'rolledBack');
});

test('attention of the way forward does not hold up or hide a rollback', () => {
  const run = start([node('one/a', { idempotency: 'manual' }), undo('one/a', 'normal', { uses: 'pause', with: { duration: '1s' }, timeoutMs: 0 })]);
  run.crash();
  run.settle();
  assert.equal(run.state, 'attention');
  rollBack(run);
  assert.equal(run.state, 'rollingBack');
  run.now += 1_000;
  run.settle();
  assert.equal(run.state, 'rolledBack');
});

test('a rollback that takes longer than its budget says so and goes on', () => {
  const run = start([node('one/a'), undo('one/a')], { rollback: { on: [], budgetMs: 500, git: 'none' } });
  rollBack(run);
  run.now += 500;
  run.settle();
  assert.ok(run.data.attention.has('@rollback'));
  assert.equal(run.state, 'rollingBack');
  unwind(run);
  assert.equal(run.state, 'rolledBack');
});

test('a run that undoes a finished one runs its compensations and nothing else, with its items', () => {
  const graph = graphOf([
    node('one/f', { id: 'f', foreach: '${{ inputs.gone }}' }),
    undo('one/f', 'normal', { with: { it: '${{ item }}', all: '${{ steps.f.items }}' } }),
    node('one/b'),
    undo('one/b'),
  ]);
  const run = new Simulation(graph, { rollbackOf: { runId: 'run-old', started: [{ path: 'one/f[1]', outputs: { n: 2 } }], items: { 'one/f': ['x', 'y'] } } });
  run.settle();
  assert.deepEqual(
    [...run.live.values()].map(({ path, with: input }) => [path, input]),
    [
      [
        'one/f/compensate/0[1]',
        {
          it: 'y',
          all: [
            { outputs: {}, state: 'pending' },
            { outputs: { n: 2 }, state: 'ok' },
          ],
        },
      ],
    ],
  );
  unwind(run);
  assert.equal(run.state, 'rolledBack');
});
