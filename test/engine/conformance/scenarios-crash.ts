import assert from 'node:assert/strict';
import type { PlanNode } from '../../../src/plan/index.ts';
import { graphOf, hostRule, node } from '../support.ts';
import type { Deed } from './outside.ts';
import { order, PLENTY, step, undo } from './scenarios-flow.ts';
import type { Act, Scenario, Told } from './scenario.ts';

/** Kill the process that drives once a step has come so far. */
const killAt = (path: string, what: 'begin' | 'effect', host?: string): Act => ({
  ...{ when: { type: 'stepStarted', path }, kill: true },
  until: { what, path, ...(host === undefined ? {} : { host }) },
});
const begun = ({ effects }: Told, path: string): number => effects.filter((each) => each.what === 'begin' && each.path === path).length;
const begunOn = ({ effects }: Told, host: string): number => effects.filter((each) => each.what === 'begin' && each.host === host).length;
const doubts = ({ events }: Told): readonly string[] => events.flatMap(({ body }) => (body.type === 'stepInDoubt' ? [body.path] : []));
const hanging = (idempotency: PlanNode['idempotency'], hang: 'before' | 'after'): PlanNode => step('one/b', { hang }, { idempotency, needs: ['one/a'] });
const onMachines = (on: { readonly [host: string]: Deed }, names: readonly string[]): PlanNode =>
  node('one/h', { ...PLENTY, uses: 'test.hosts', idempotency: 'probe', with: { on } as object as PlanNode['with'], hosts: hostRule(names, { throttle: 3 }) });
const chain = (middle: PlanNode) => graphOf([step('one/a'), middle, step('one/c', {}, { needs: ['one/b'] })]);

/** What happens when the process that drives is killed in the middle of something. */
export const CRASH: readonly Scenario[] = [
  {
    name: 'killed before a safe step took effect: it is done again, what was recorded is not',
    ...{ graph: chain(hanging('safe', 'before')), acts: [killAt('one/b', 'begin')], state: 'succeeded', order: 'exact' },
    check: (told) => {
      assert.deepEqual(doubts(told), ['one/b']);
      assert.deepEqual(order(told), ['one/a', 'one/b', 'one/c']);
    },
  },
  {
    name: 'killed after a keyed step took effect: it is done again with the same key',
    ...{ graph: chain(hanging('keyed', 'after')), acts: [killAt('one/b', 'effect')], state: 'succeeded', order: 'exact' },
    check: (told) => {
      const keys = told.effects.filter(({ path, what }) => path === 'one/b' && what === 'effect').map(({ key }) => key);
      assert.equal(keys.length, 2);
      assert.equal(new Set(keys).size, 1);
    },
  },
  {
    name: 'killed after a step took effect that can be looked at: it is not done again',
    ...{ graph: chain(hanging('probe', 'after')), acts: [killAt('one/b', 'effect')], state: 'succeeded', order: 'exact' },
    check: (told) => assert.equal(begun(told, 'one/b'), 1),
  },
  {
    name: 'killed before a step took effect that can be looked at: it is done then',
    ...{ graph: chain(hanging('probe', 'before')), acts: [killAt('one/b', 'begin')], state: 'succeeded', order: 'exact' },
    check: (told) => assert.deepEqual(order(told), ['one/a', 'one/b', 'one/c']),
  },
  {
    name: 'killed in a step that must not be repeated: a person is asked, and it is not',
    graph: chain(hanging('manual', 'after')),
    acts: [
      killAt('one/b', 'effect'),
      { when: { type: 'attentionRaised', path: 'one/b' }, ask: { type: 'taskResolved', path: 'one/b', by: 'user:bo', as: 'done' } },
    ],
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) => assert.equal(begun(told, 'one/b'), 1),
  },
  {
    name: 'killed on one of many machines: that one and those not reached are done, the others are left alone',
    graph: graphOf([
      node('one/h', { ...PLENTY, uses: 'test.hosts', with: { on: { h2: { hang: 'before' } } }, hosts: hostRule(['h1', 'h2', 'h3'], { throttle: 1 }) }),
    ]),
    acts: [killAt('one/h', 'begin', 'h2')],
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) =>
      assert.deepEqual(
        told.effects.filter(({ what }) => what === 'effect').map(({ host }) => host),
        ['h1', 'h2', 'h3'],
      ),
  },
  {
    name: 'killed on machines that can be looked at: done where it took effect is not done again, the others are done then',
    graph: graphOf([onMachines({ h1: { hang: 'after' }, h2: { hang: 'after', ms: 500 }, h3: { hang: 'before' } }, ['h1', 'h2', 'h3', 'h4'])]),
    acts: [killAt('one/h', 'effect', 'h2')],
    ...{ state: 'succeeded', order: 'lanes' },
    check: (told) => {
      assert.deepEqual(
        ['h1', 'h2', 'h3', 'h4'].map((host) => begunOn(told, host)),
        [1, 1, 2, 1],
      );
      const verdicts = told.events.flatMap(({ body }) => (body.type === 'hostProbed' ? [`${body.host} ${body.verdict}`] : []));
      assert.deepEqual(verdicts.toSorted(), ['h1 done', 'h2 done', 'h3 notDone']);
    },
  },
  {
    name: 'killed on a machine about which a look tells nothing: a person is asked',
    graph: graphOf([onMachines({ h1: { hang: 'after', isMute: true } }, ['h1'])]),
    acts: [
      killAt('one/h', 'effect', 'h1'),
      { when: { type: 'attentionRaised', path: 'one/h' }, ask: { type: 'taskResolved', path: 'one/h', by: 'user:bo', as: 'done' } },
    ],
    ...{ state: 'succeeded', order: 'exact' },
    check: (told) => assert.equal(begunOn(told, 'h1'), 1),
  },
  {
    name: 'killed while it rolls back: the rollback goes on',
    graph: graphOf([
      step('one/a'),
      undo('one/a'),
      step('one/b', {}, { needs: ['one/a'] }),
      undo('one/b', { with: { hang: 'before' } }),
      step('one/bad', { fail: { code: 'BROKEN' } }, { needs: ['one/b'] }),
    ]),
    acts: [killAt('one/b/compensate/0', 'begin')],
    ...{ state: 'rolledBack', order: 'exact' },
    check: (told) => assert.deepEqual(order(told).slice(-2), ['one/b/compensate/0', 'one/a/compensate/0']),
  },
  {
    name: 'killed while it waits: nothing is lost of it',
    graph: graphOf([
      node('one/wait', { uses: 'pause', with: { duration: '1500ms' }, timeoutMs: 0 }),
      step('one/a', { hang: 'before' }),
      step('one/b', {}, { needs: ['one/wait', 'one/a'] }),
    ]),
    acts: [killAt('one/a', 'begin')],
    ...{ state: 'succeeded', order: 'lanes' },
  },
];
