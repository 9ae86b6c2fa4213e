import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanNode } from '../../src/plan/index.ts';
import { failure, OK, Simulation } from './simulator.ts';
import { graphOf, hostRule, node } from './support.ts';

function crashed(rest: Partial<PlanNode>): Simulation {
  const run = new Simulation(graphOf([node('one/a', rest), node('one/b', { needs: ['one/a'] })], { rollback: { on: [], budgetMs: 1_000, git: 'none' } }));
  run.settle();
  run.crash();
  return run;
}
const settle = (run: Simulation, as: 'retry' | 'done' | 'failed', path = 'one/a') =>
  run.push({ type: 'taskResolved', id: as, path, by: 'user:ada', as, outputs: { by: 'hand' } });

for (const idempotency of ['safe', 'keyed'] as const) {
  test(`in doubt, ${idempotency}: starts again with the same key, and the lost attempt is no try`, () => {
    const run = crashed({ idempotency, retry: { attempts: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] } });
    run.settle();
    assert.equal(run.live.get('one/a')?.attempt, 2);
    assert.equal(run.live.get('one/a')?.key, `${run.data.runId}:one/a`);
    assert.equal(run.data.tasks.get('one/a')?.lost, 1);
  });
}

test('in doubt, probe: looks; done is taken as the result', () => {
  const run = crashed({ idempotency: 'probe' });
  assert.deepEqual(
    run.settle().map(({ type }) => type),
    ['probe'],
  );
  run.finish('one/a', { state: 'changed', outputs: { seen: true } });
  run.settle();
  assert.equal(run.stateOf('one/a'), 'changed');
  assert.deepEqual(run.started(), ['one/a', 'one/b']);
});

test('in doubt, probe: not done starts again', () => {
  const run = crashed({ idempotency: 'probe' });
  run.settle();
  run.finish('one/a', failure());
  run.settle();
  assert.equal(run.live.get('one/a')?.type, 'start');
  assert.equal(run.live.get('one/a')?.attempt, 2);
});

test('in doubt, probe: unknown asks a person', () => {
  const run = crashed({ idempotency: 'probe' });
  run.settle();
  run.push({ type: 'stepProbed', path: 'one/a', attempt: 1, verdict: 'unknown', reason: 'no state file' });
  run.live.clear();
  run.settle();
  assert.equal(run.state, 'attention');
  assert.equal(run.data.attention.get('one/a'), 'no state file');
  assert.deepEqual(run.settle(), []);
});

test('in doubt, manual: asks a person and is never started by itself', () => {
  const run = crashed({ idempotency: 'manual' });
  run.settle();
  assert.equal(run.state, 'attention');
  run.crash();
  run.settle();
  assert.deepEqual(run.started(), ['one/a']);
});

test('a person settles it: retry, done, failed', () => {
  const retry = crashed({ idempotency: 'manual' });
  retry.settle();
  settle(retry, 'retry');
  retry.settle();
  assert.equal(retry.live.get('one/a')?.attempt, 2);
  const done = crashed({ idempotency: 'manual' });
  done.settle();
  settle(done, 'done');
  done.settle();
  assert.deepEqual(done.data.tasks.get('one/a')?.outputs, { by: 'hand' });
  assert.deepEqual(done.started(), ['one/a', 'one/b']);
  const failed = crashed({ idempotency: 'manual', retry: { attempts: 9, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] } });
  failed.settle();
  settle(failed, 'failed');
  failed.settle();
  assert.equal(failed.state, 'failed');
});

test('nobody settles a task that waits for nobody', () => {
  const run = new Simulation(graphOf([node('one/a'), node('one/b', { needs: ['one/a'] })]));
  run.settle();
  for (const as of ['retry', 'done', 'failed'] as const) settle(run, as);
  assert.equal(run.stateOf('one/a'), 'running');
  run.finish('one/a');
  run.settle();
  for (const as of ['retry', 'done', 'failed'] as const) settle(run, as);
  assert.equal(run.stateOf('one/a'), 'changed');
  settle(run, 'done', 'one/never');
  run.finish('one/b');
  run.settle();
  assert.equal(run.state, 'succeeded');
});

test('a probe that ends after a person has decided changes nothing', () => {
  const run = crashed({ idempotency: 'probe' });
  run.settle();
  run.push({ type: 'attentionRaised', path: 'one/a', reason: 'slow', hint: '' });
  settle(run, 'done');
  run.push({ type: 'stepProbed', path: 'one/a', attempt: 1, verdict: 'notDone' });
  assert.equal(run.stateOf('one/a'), 'ok');
});

test('a step on hosts is in doubt only where a host had begun', () => {
  const hosts = hostRule(['h1', 'h2']);
  const clear = crashed({ idempotency: 'manual', hosts });
  clear.settle();
  assert.equal(clear.live.get('one/a')?.attempt, 2, 'no host had begun');
  const run = new Simulation(graphOf([node('one/a', { idempotency: 'manual', hosts })]));
  run.settle();
  run.push({ type: 'hostStarted', path: 'one/a', attempt: 1, host: 'h1' });
  run.push({ type: 'hostFinished', path: 'one/a', attempt: 1, host: 'h1', result: { state: 'ok', durationMs: 1 } });
  run.push({ type: 'hostStarted', path: 'one/a', attempt: 1, host: 'h2' });
  run.crash();
  run.settle();
  assert.equal(run.state, 'attention');
  settle(run, 'retry');
  run.settle();
  const again = run.live.get('one/a');
  assert.deepEqual(again?.type === 'start' && Object.keys(again.ledger), ['h1'], 'the person has said that h2 may begin again');
});

test('what a host of an earlier attempt says comes too late', () => {
  const run = crashed({ idempotency: 'safe', hosts: hostRule(['h1']) });
  run.settle();
  run.push({ type: 'hostFinished', path: 'one/a', attempt: 1, host: 'h1', result: { state: 'ok', durationMs: 1 } });
  assert.deepEqual(run.data.tasks.get('one/a')?.hosts, {});
});

test('a second result, and one of an earlier attempt, change nothing', () => {
  const run = crashed({ idempotency: 'safe' });
  run.settle();
  run.push({ type: 'stepFinished', path: 'one/a', attempt: 1, result: failure(), durationMs: 0 });
  assert.equal(run.stateOf('one/a'), 'running');
  run.finish('one/a', OK);
  run.push({ type: 'stepFinished', path: 'one/a', attempt: 2, result: failure(), durationMs: 0 });
  assert.equal(run.stateOf('one/a'), 'changed');
});
