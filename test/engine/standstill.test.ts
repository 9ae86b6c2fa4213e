import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Driver, standstillOf } from '../../src/engine/index.ts';
import type { PlanNode } from '../../src/plan/index.ts';
import { failure, Simulation } from './simulator.ts';
import { graphOf, node, RUN_ID } from './support.ts';

const ALIVE: Driver = { state: 'alive', owner: 'm:1', expiresAt: 9e15 };
const GONE: Driver = { state: 'gone', owner: 'm:1' };
const run = (...nodes: readonly PlanNode[]): Simulation => {
  const simulation = new Simulation(graphOf(nodes));
  simulation.settle();
  return simulation;
};
const found = (simulation: Simulation, driver: Driver, later = 0) =>
  standstillOf(simulation.data, { now: simulation.now + later, driver }).map(({ kind, reason, next }) => `${kind}: ${reason} | ${next}`);

test('a run that is driven and goes on does not stand still; one that has ended never does', () => {
  const simulation = run(node('one/a'));
  assert.deepEqual(found(simulation, ALIVE), []);
  simulation.finish('one/a');
  simulation.settle();
  assert.equal(simulation.isOver, true);
  for (const driver of [ALIVE, GONE, { state: 'none' } as const]) assert.deepEqual(found(simulation, driver), []);
});

test('a run without a driver says so, and which process is gone', () => {
  const simulation = run(node('one/a'));
  assert.deepEqual(found(simulation, { state: 'none' }), [`driver: no process drives it | slipway resume ${RUN_ID}`]);
  assert.deepEqual(found(simulation, GONE), [`driver: the process that drove it, m:1, is gone | slipway resume ${RUN_ID}`]);
});

test('what waits for people says for whom, with the command; a wait for a time is none', () => {
  const simulation = run(
    node('one/gate', { uses: 'approval', timeoutMs: 0, with: { approvers: ['team:cab'] } }),
    node('one/go', { uses: 'wait.signal', timeoutMs: 0, with: { name: 'go' } }),
    node('one/rest', { uses: 'pause', timeoutMs: 0, with: { duration: '1h' } }),
  );
  assert.deepEqual(found(simulation, ALIVE), [
    `person: one/gate waits for team:cab | slipway approve ${RUN_ID} one/gate`,
    `person: one/go waits for the signal "go" | slipway signal ${RUN_ID} go`,
  ]);
});

test('attention and a pause need a person and no driver', () => {
  const simulation = run(node('one/a'));
  simulation.finish('one/a', failure('ASK', 'pauseForHuman'));
  simulation.settle();
  assert.deepEqual(found(simulation, { state: 'none' }), [`person: one/a: ask | slipway resolve ${RUN_ID} one/a --as retry|done|failed`]);
  const paused = run(node('one/a'));
  paused.finish('one/a');
  paused.push({ type: 'pauseRequested', id: 'p', by: 'user:ada' });
  assert.deepEqual(found(paused, { state: 'none' }), [`person: it was paused | slipway resume ${RUN_ID}`]);
});

test('a step that is under way for longer than it may be, without any news, is told', () => {
  const simulation = run(node('one/a', { timeoutMs: 60_000 }));
  assert.deepEqual(found(simulation, ALIVE, 170_000), []);
  assert.deepEqual(found(simulation, ALIVE, 190_000), [
    `silent: one/a has been under way for longer than its time limit and nothing was recorded since | slipway logs ${RUN_ID} one/a`,
  ]);
});
