import assert from 'node:assert/strict';
import type { PlanNode } from '../../../src/plan/index.ts';
import { graphOf, node } from '../support.ts';
import type { Deed } from './outside.ts';
import type { Scenario, Told } from './scenario.ts';

/** Time for a step whose limit is not what a scenario is about, in milliseconds: the machine may be busy with other things. */
export const PLENTY = { timeoutMs: 60_000 } as const;

/** A step with a deed. */
export function step(path: string, deed: Deed = {}, rest: Partial<PlanNode> = {}): PlanNode {
  return node(path, { ...PLENTY, with: deed as PlanNode['with'], ...rest });
}
export const retrying = (attempts: number, rest: Partial<PlanNode['retry']> = {}): PlanNode['retry'] => ({
  ...{ attempts, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] },
  ...rest,
});
export const undo = (path: string, rest: Partial<PlanNode> = {}): PlanNode =>
  node(`${path}/compensate/0`, { role: 'compensate', owner: path, order: 'normal', ...rest });

/** Paths that took effect, in the order in which they did. */
export const order = ({ effects }: Told): readonly string[] => effects.flatMap(({ what, path }) => (what === 'effect' ? [path] : []));
const times = (told: Told, path: string): number => told.effects.filter(({ what, path: other }) => what === 'begin' && other === path).length;

/** How steps follow each other. */
export const FLOW: readonly Scenario[] = [
  {
    name: 'steps one after another, over two phases',
    graph: graphOf([step('one/a'), step('one/b', {}, { needs: ['one/a'] }), step('one/c', {}, { needs: ['one/b'] }), step('two/d')]),
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) => assert.deepEqual(order(told), ['one/a', 'one/b', 'one/c', 'two/d']),
  },
  {
    name: 'outputs reach later steps, and the run puts out what it was asked to',
    graph: graphOf(
      [
        step('one/a', { outputs: { n: 41, deep: { list: [1, 2] } } }, { id: 'a' }),
        step('one/b', {}, { needs: ['one/a'], with: { got: '${{ steps.a.outputs.n + 1 }}' } }),
      ],
      { outputs: { total: '${{ steps.a.outputs.n }}' } },
    ),
    ...{ state: 'succeeded', order: 'exact' },
    check: ({ events }) => {
      const [last] = events.slice(-1);
      assert.deepEqual(last?.body.type === 'runFinished' && last.body.outputs, { total: 41 });
      assert.ok(events.some(({ body }) => body.type === 'stepStarted' && body.path === 'one/b' && body.with['got'] === 42));
    },
  },
  {
    name: 'steps beside each other, and one that waits for both',
    graph: graphOf([step('one/a', { ms: 30 }), step('one/b', { ms: 60 }), step('one/join', {}, { needs: ['one/a', 'one/b'] })]),
    ...{ state: 'succeeded', order: 'lanes' },
    check: (told) => assert.equal(order(told).at(-1), 'one/join'),
  },
  {
    name: 'foreach, at most two at once',
    graph: graphOf([step('one/each', { ms: 20 }, { foreach: '${{ range(5) }}', maxParallel: 2 }), step('one/after', {}, { needs: ['one/each'] })]),
    ...{ state: 'succeeded', order: 'lanes' },
    check: (told) => {
      let [now, most] = [0, 0];
      for (const { what } of told.effects) {
        if (what === 'begin') now++;
        if (what === 'end') now--;
        most = Math.max(most, now);
      }
      assert.equal(most, 2);
      assert.equal(order(told).at(-1), 'one/after');
    },
  },
  {
    name: 'foreach that gives up at the first failure',
    graph: graphOf([step('one/each', { fail: { code: 'BROKEN' } }, { foreach: ['x', 'y', 'z'], maxParallel: 1, failFast: true })], { rollback: NO_ROLLBACK() }),
    ...{ state: 'failed', order: 'exact' },
    check: (told) => assert.equal(told.events.filter(({ body }) => body.type === 'stepSkipped').length, 2),
  },
  {
    name: 'a switch takes one case, a condition skips a step',
    graph: graphOf([
      node('one/s', { uses: 'switch', with: { value: 'gold' }, timeoutMs: 0 }),
      step('one/s/case/gold/x', {}, { role: 'case', owner: 'one/s', branch: 'gold' }),
      step('one/s/case/silver/y', {}, { role: 'case', owner: 'one/s', branch: 'silver' }),
      step('one/never', {}, { needs: ['one/s'], if: '${{ 1 > 2 }}' }),
      step('one/z', {}, { needs: ['one/never'] }),
    ]),
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) => assert.deepEqual(order(told), ['one/s/case/gold/x', 'one/z']),
  },
  {
    name: 'a pause, and timers beside steps',
    graph: graphOf([
      node('one/wait', { uses: 'pause', with: { duration: '1s' }, timeoutMs: 0 }),
      step('one/a'),
      step('one/b', {}, { needs: ['one/wait', 'one/a'] }),
    ]),
    ...{ state: 'succeeded', order: 'lanes' },
    check: ({ events }) => {
      const at = (type: string) => events.find(({ body }) => body.type === type && 'path' in body && body.path === 'one/wait')?.at ?? 0;
      assert.ok(at('stepFinished') - at('stepStarted') >= 1_000);
    },
  },
  {
    name: 'an output too large to travel is passed on by reference',
    graph: graphOf([
      step('one/a', { outputs: { text: 'x'.repeat(300_000) } }, { id: 'a' }),
      step('one/b', {}, { needs: ['one/a'], with: { text: '${{ steps.a.outputs.text }}' } }),
    ]),
    ...{ state: 'succeeded', order: 'exact' },
    check: ({ events }) => {
      const after = events.filter(({ body }) => body.type === 'stepFinished' || (body.type === 'stepStarted' && body.path === 'one/b'));
      assert.ok(after.length === 3 && after.every(({ body }) => JSON.stringify(body).length < 10_000));
    },
  },
  {
    name: 'retries with backoff, then success',
    graph: graphOf([
      step(
        'one/a',
        { fail: { code: 'FLAKY', retry: 'afterBackoff', times: 2 } },
        { retry: retrying(4, { initialMs: 50, factor: 2, maxMs: 1_000, jitter: 'full' }) },
      ),
    ]),
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) => {
      assert.equal(times(told, 'one/a'), 3);
      const failed = told.events.flatMap(({ body, at }) => (body.type === 'stepFinished' && 'error' in body.result ? [at] : []));
      const planned = told.events.flatMap(({ body }) => (body.type === 'stepRetryScheduled' ? [body.at] : []));
      const waits = planned.map((at, n) => at - (failed[n] ?? 0));
      assert.ok(waits.length === 2 && waits.every((ms, n) => ms >= 0 && ms <= 50 * 2 ** n), waits.join());
    },
  },
  {
    name: 'a failure that no retry helps, rolled back in reverse order',
    graph: graphOf([
      step('one/a'),
      undo('one/a'),
      step('one/b', {}, { needs: ['one/a'] }),
      undo('one/b', { order: 'traffic' }),
      step('one/bad', { fail: { code: 'BROKEN' } }, { needs: ['one/b'], retry: retrying(3) }),
      undo('one/bad'),
      node('@rollback/last', { role: 'rollback', phase: '@rollback' }),
    ]),
    ...{ state: 'rolledBack', order: 'exact' },
    check: (told) => {
      assert.equal(times(told, 'one/bad'), 1);
      assert.deepEqual(order(told), ['one/a', 'one/b', 'one/b/compensate/0', 'one/bad/compensate/0', 'one/a/compensate/0', '@rollback/last']);
    },
  },
  {
    name: 'rescue makes good a failure, finally runs either way',
    graph: graphOf([
      step('one/a', { fail: { code: 'BROKEN' } }),
      node('one/a/rescue/0', { role: 'rescue', owner: 'one/a' }),
      node('one/a/finally/0', { role: 'finally', owner: 'one/a' }),
      step('one/b', {}, { needs: ['one/a'] }),
      node('one/finally/0', { role: 'finally', owner: 'one' }),
    ]),
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) => assert.deepEqual(order(told), ['one/a/rescue/0', 'one/a/finally/0', 'one/b', 'one/finally/0']),
  },
  {
    name: 'a failure that is tolerated, and one whose rollback fails too',
    graph: graphOf([
      step('one/a', { fail: { code: 'BROKEN' } }, { onFailure: 'continue' }),
      step('one/b', {}, { needs: ['one/a'] }),
      undo('one/b', { with: { fail: { code: 'STUCK' } } }),
      step('one/c', { fail: { code: 'BROKEN' } }, { needs: ['one/b'], onFailure: 'rollback' }),
    ]),
    ...{ state: 'rollbackFailed', order: 'exact' },
  },
  {
    name: 'a time limit ends an attempt, and the next one is in time',
    graph: graphOf([step('one/slow', { ms: 60_000 }, { timeoutMs: 400, onFailure: 'continue' }), step('one/b', {}, { needs: ['one/slow'] })]),
    ...{ state: 'succeeded', order: 'exact' },
    check: ({ effects, events }) => {
      assert.ok(effects.some(({ what, path }) => what === 'stopped' && path === 'one/slow'));
      assert.ok(events.some(({ body }) => body.type === 'stepFinished' && body.path === 'one/slow' && body.result.state === 'timedOut'));
    },
  },
  {
    name: 'silence ends an attempt, output keeps one alive',
    graph: graphOf([
      step('one/silent', { ms: 60_000 }, { heartbeatMs: 300, onFailure: 'continue' }),
      step('one/talks', { ms: 1_200, beatMs: 100 }, { heartbeatMs: 800 }),
    ]),
    ...{ state: 'succeeded', order: 'lanes' },
    check: ({ events }) => {
      const codes = events.flatMap(({ body }) => (body.type === 'stepFinished' && 'error' in body.result ? [body.result.error.code] : []));
      assert.deepEqual(codes, ['HEARTBEAT_LOST']);
    },
  },
  {
    name: 'a deadline over all attempts',
    graph: graphOf([step('one/a', { ms: 3_000, fail: { code: 'FLAKY', retry: 'afterBackoff' } }, { deadlineMs: 4_000, retry: retrying(50) })], {
      rollback: NO_ROLLBACK(),
    }),
    ...{ state: 'failed', order: 'lanes' },
    check: (told) => assert.ok(times(told, 'one/a') <= 2),
  },
];

function NO_ROLLBACK() {
  return { on: [], budgetMs: 60_000, git: 'none' } as const;
}
