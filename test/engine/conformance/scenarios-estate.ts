import assert from 'node:assert/strict';
import type { HostRule, PlanNode, PlanWatch } from '../../../src/plan/index.ts';
import { graphOf, hostRule, node } from '../support.ts';
import type { Deed } from './outside.ts';
import { order, PLENTY, retrying, step, undo } from './scenarios-flow.ts';
import type { Scenario, Told } from './scenario.ts';

type OnHosts = Deed & { readonly on?: { readonly [host: string]: Deed } };
const onHosts = (
  path: string,
  names: readonly string[],
  { rule = {}, deed = {}, ...rest }: { rule?: Partial<HostRule>; deed?: OnHosts } & Partial<PlanNode> = {},
): PlanNode => node(path, { ...PLENTY, uses: 'test.hosts', with: deed as PlanNode['with'], hosts: hostRule(names, rule), ...rest });
const reached = ({ effects }: Told, path: string): readonly string[] =>
  effects.flatMap((each) => (each.what === 'effect' && each.path === path ? [each.host] : []));
const NAMES = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
const NONE = { on: [], budgetMs: 60_000, git: 'none' } as const;
const watch = (rest: Partial<PlanWatch>): PlanWatch => ({
  ...{ path: 'one/watch/health', uses: 'test.work', with: {}, intervalMs: 100, initialDelayMs: 0, timeoutMs: 5_000, failureLimit: 1 },
  ...rest,
});

/** Machines, watches and called runbooks. */
export const ESTATE: readonly Scenario[] = [
  {
    name: 'on machines in batches: nobody of the next one before the last of this one',
    graph: graphOf([onHosts('one/h', NAMES, { rule: { serial: [1, 2, { fraction: 0.5 }] }, deed: { ms: 20 } })]),
    ...{ state: 'succeeded', order: 'lanes' },
    check: (told) => {
      const begun = told.effects.filter(({ what }) => what === 'begin').map(({ host }) => host);
      assert.equal(begun[0], 'h1');
      assert.deepEqual(begun.slice(1, 3).toSorted(), ['h2', 'h3']);
      assert.deepEqual(begun.slice(3).toSorted(), ['h4', 'h5', 'h6']);
      const firstOf = (host: string, what: string) => told.effects.findIndex((each) => each.host === host && each.what === what);
      assert.ok(firstOf('h1', 'end') < firstOf('h2', 'begin') && Math.max(firstOf('h2', 'end'), firstOf('h3', 'end')) < firstOf('h4', 'begin'));
    },
  },
  {
    name: 'on machines, one at a time by throttle, in their order',
    graph: graphOf([onHosts('one/h', NAMES.slice(0, 3), { rule: { throttle: 1 } })]),
    ...{ state: 'succeeded', order: 'exact' },
  },
  {
    name: 'host first: every machine goes through both steps, in their order, and none of them twice',
    graph: graphOf([
      onHosts('one/a', NAMES, { rule: { strategy: 'hostFirst', throttle: 2 }, deed: { ms: 5 } }),
      onHosts('one/b', NAMES, { rule: { strategy: 'hostFirst', throttle: 2 }, deed: { ms: 5 }, needs: ['one/a'] }),
    ]),
    ...{ state: 'succeeded', order: 'lanes' },
    check: ({ effects }) => {
      for (const host of NAMES)
        assert.deepEqual(
          effects.filter((each) => each.host === host).map(({ what, path }) => `${what} ${path}`),
          ['one/a', 'one/b'].flatMap((path) => ['begin', 'effect', 'end'].map((what) => `${what} ${path}`)),
        );
    },
  },
  {
    name: 'host first: a machine that fails does not begin what comes next, and the others do when enough may fail',
    graph: graphOf([
      onHosts('one/a', NAMES.slice(0, 3), { rule: { strategy: 'hostFirst', maxErrors: 1 }, deed: { on: { h2: { fail: { code: 'BROKEN' } } } } }),
      onHosts('one/b', NAMES.slice(0, 3), { rule: { strategy: 'hostFirst' }, needs: ['one/a'] }),
    ]),
    ...{ state: 'succeeded', order: 'lanes' },
    check: (told) => assert.deepEqual(reached(told, 'one/a').toSorted(), ['h1', 'h3']),
  },
  {
    name: 'output too long for the log is no matter of the run: the same events, whatever is kept of it',
    graph: graphOf([onHosts('one/h', NAMES.slice(0, 2), { deed: { prints: 20_000 } })]),
    ...{ state: 'succeeded', order: 'lanes' },
  },
  {
    name: 'too many machines fail: the rest is not touched',
    graph: graphOf(
      [onHosts('one/h', NAMES, { rule: { throttle: 1, maxFailPercentage: 10, serial: [3] }, deed: { on: { h2: { fail: { code: 'BROKEN' } } } } })],
      { rollback: NONE },
    ),
    ...{ state: 'failed', order: 'exact' },
    check: (told) => assert.deepEqual(reached(told, 'one/h'), ['h1']),
  },
  {
    name: 'few enough machines fail: the step is good',
    graph: graphOf([onHosts('one/h', NAMES, { rule: { throttle: 1, maxErrors: 1 }, deed: { on: { h2: { fail: { code: 'BROKEN' } } } } })]),
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) => assert.equal(reached(told, 'one/h').length, 5),
  },
  {
    name: 'machines that failed are tried again, good ones are left alone',
    graph: graphOf([
      onHosts('one/h', NAMES.slice(0, 3), {
        ...{ rule: { throttle: 1 }, retry: retrying(3) },
        deed: { on: { h2: { fail: { code: 'FLAKY', retry: 'afterBackoff', times: 1 } } } },
      }),
    ]),
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) =>
      assert.deepEqual(
        told.effects.filter(({ what }) => what === 'begin').map(({ host, attempt }) => `${host}#${attempt}`),
        ['h1#1', 'h2#1', 'h3#1', 'h2#2'],
      ),
  },
  {
    name: 'a time limit over all machines: those under way are in doubt, and the next attempt does them',
    graph: graphOf([onHosts('one/h', NAMES.slice(0, 2), { timeoutMs: 1_500, retry: retrying(2), deed: { on: { h2: { hang: 'before' } } } })]),
    ...{ state: 'succeeded', order: 'lanes' },
    check: (told) => assert.deepEqual(reached(told, 'one/h').toSorted(), ['h1', 'h2']),
  },
  {
    name: 'cancelled while machines are under way',
    graph: graphOf([
      onHosts('one/h', NAMES.slice(0, 3), { rule: { throttle: 2 }, deed: { ms: 60_000 } }),
      node('one/finally/0', { role: 'finally', owner: 'one' }),
    ]),
    acts: [{ when: { type: 'hostStarted', times: 2 }, ask: { type: 'cancelRequested', by: 'user:bo' } }],
    ...{ state: 'cancelled', order: 'lanes' },
    check: (told) => {
      assert.deepEqual(order(told), ['one/finally/0']);
      assert.equal(told.effects.filter(({ what }) => what === 'stopped').length, 2);
    },
  },
  {
    name: 'a watch that breaches rolls the run back',
    graph: graphOf(
      [step('one/a'), undo('one/a'), step('one/b', { ms: 60_000 }, { needs: ['one/a'] }), undo('one/b')],
      {},
      {
        one: { watch: [watch({ with: { fail: { code: 'DOWN' } } })] },
      },
    ),
    ...{ state: 'rolledBack', order: 'lanes' },
    check: ({ events }) => {
      const breaches = events.flatMap(({ body }) => (body.type === 'watchBreached' ? [body.failures] : []));
      assert.deepEqual(breaches, [2]);
    },
  },
  {
    name: 'a watch that holds ends with its phase',
    graph: graphOf([step('one/a', { ms: 500 }), step('two/b')], {}, { one: { watch: [watch({})] } }),
    ...{ state: 'succeeded', order: 'lanes' },
    check: ({ effects }) => assert.ok(effects.filter(({ path, what }) => path === 'one/watch/health' && what === 'end').length >= 2),
  },
  {
    name: 'a called runbook hands back what it puts out',
    graph: graphOf(
      [
        node('one/call', { id: 'call', uses: 'runbook.call', with: { runbook: 'other', inputs: { n: 1 } }, timeoutMs: 0 }),
        step('one/b', {}, { needs: ['one/call'], with: { got: '${{ steps.call.outputs.doubled }}' } }),
      ],
      {
        calls: { other: graphOf([step('sub/x')], { runbook: 'other', outputs: { doubled: '${{ inputs.n * 2 }}' } }) },
      },
    ),
    ...{ state: 'succeeded', order: 'exact' },
    check: ({ events }) => assert.ok(events.some(({ body }) => body.type === 'stepStarted' && body.path === 'one/b' && body.with['got'] === 2)),
  },
  {
    name: 'a called runbook that fails',
    graph: graphOf([node('one/call', { uses: 'runbook.call', with: { runbook: 'other' }, timeoutMs: 0 })], {
      rollback: NONE,
      calls: { other: graphOf([step('sub/x', { fail: { code: 'BROKEN' } })], { runbook: 'other', rollback: NONE }) },
    }),
    ...{ state: 'failed', order: 'exact' },
  },
  {
    name: 'cancelling the caller cancels what it called',
    graph: graphOf(
      [node('one/call', { uses: 'runbook.call', with: { runbook: 'other' }, timeoutMs: 0 }), node('one/finally/0', { role: 'finally', owner: 'one' })],
      {
        calls: { other: graphOf([step('sub/x', { ms: 60_000 }), node('sub/finally/0', { role: 'finally', owner: 'sub' })], { runbook: 'other' }) },
      },
    ),
    acts: [{ when: { type: 'stepWaiting', path: 'one/call' }, ask: { type: 'cancelRequested', by: 'user:bo' } }],
    ...{ state: 'cancelled', order: 'exact' },
  },
  {
    name: 'a called runbook that needs a person stops its caller too',
    graph: graphOf([node('one/call', { uses: 'runbook.call', with: { runbook: 'other' }, timeoutMs: 0 })], {
      rollback: NONE,
      calls: { other: graphOf([step('sub/x', { fail: { code: 'ASK', retry: 'pauseForHuman' } })], { runbook: 'other' }) },
    }),
    acts: [{ when: { type: 'attentionRaised', path: 'one/call' }, ask: { type: 'taskResolved', path: 'one/call', by: 'user:bo', as: 'failed' } }],
    ...{ state: 'failed', order: 'exact' },
  },
];
