import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, evolve, restored, type RunSnapshot, snapshotOf } from '../../src/engine/index.ts';
import { OK, silentKinds, Simulation } from './simulator.ts';
import { graphOf, node } from './support.ts';

// Random runs are taken through a snapshot in properties.test.ts; here is what those do not hold.
const through = (snapshot: RunSnapshot): RunSnapshot => JSON.parse(JSON.stringify(snapshot)) as RunSnapshot; // just written

test('a run that undoes another one, with items, goes on from a snapshot as if nothing had happened', () => {
  const graph = graphOf([
    node('one/each', { id: 'each', foreach: '${{ range(2) }}' }),
    node('one/each/compensate/0', { role: 'compensate', owner: 'one/each', order: 'normal', with: { undo: '${{ item }}' } }),
  ]);
  const started = [0, 1].map((n) => ({ path: `one/each[${n}]`, outputs: { n } }));
  const run = new Simulation(graph, { rollbackOf: { runId: 'run-20261123-0000000009', started, items: { 'one/each': ['a', 'b'] } } });
  run.settle();
  run.finish('one/each/compensate/0[1]', OK);
  const data = restored(through(snapshotOf(run.data)));
  assert.deepEqual(data, run.data);
  assert.deepEqual(decide(data, run.now, silentKinds), decide(run.data, run.now, silentKinds));
  run.finish('one/each/compensate/0[0]', OK);
  const [last] = run.events.slice(-1);
  assert.ok(last);
  evolve(data, last);
  assert.deepEqual(data, run.data);
});

test('signals, breached watches and agreed durations, and a closed window are kept', () => {
  const run = new Simulation(graphOf([node('one/a')]));
  run.push({ type: 'signalReceived', id: 's', name: 'go', by: 'user:bo', payload: { deep: [1] } });
  run.push({ type: 'watchBreached', path: 'one/@watch/0', failures: 3, message: 'down' });
  run.push({ type: 'slaBreached', id: 'fast' });
  run.push({ type: 'windowClosed', phase: 'one' });
  run.push({ type: 'attentionRaised', path: '@window one', reason: 'closed', hint: 'wait' });
  const data = restored(through(snapshotOf(run.data)));
  assert.deepEqual(data, run.data);
  assert.ok(data.breachedSla.has('fast') && data.closedWindows.has('one') && data.breachedWatch.get('one/@watch/0') === 'down');
});
