import assert from 'node:assert/strict';
import { graphOf, node } from '../support.ts';
import { order, step, undo } from './scenarios-flow.ts';
import type { Ask, Scenario } from './scenario.ts';

const vote = (voter: string, { path = 'one/@approval', decision = 'approve', teams = ['cab'] }: Ballot = {}): Ask => ({
  ...{ type: 'voteCast', path, voter, teams, decision, planDigest: 'sha256:test' },
});
interface Ballot {
  readonly path?: string;
  readonly decision?: 'approve' | 'reject';
  readonly teams?: readonly string[];
}
const waits = { type: 'stepWaiting', path: 'one/@approval' } as const;
const gate = (required: number) => node('one/@approval', { uses: 'approval', with: { approvers: ['team:cab'], required }, timeoutMs: 0 });
const resolve = (path: string, as: 'retry' | 'done' | 'failed'): Ask => ({ type: 'taskResolved', path, by: 'user:bo', as });
const signal = (id: string, name = 'go'): Ask => ({ type: 'signalReceived', id, name, by: 'user:bo', payload: { by: id } });
const took = (path: string) => ({ type: 'stepFinished', path }) as const;

/** What people ask of runs, and when they may. */
export const PEOPLE: readonly Scenario[] = [
  {
    name: 'an approval opens with enough eligible votes; others are refused',
    graph: graphOf([gate(2), step('one/a', {}, { needs: ['one/@approval'] })]),
    acts: [
      { when: waits, ask: vote('user:ada'), refused: 'NOT_ELIGIBLE' }, // started the run
      { when: waits, ask: vote('user:author'), refused: 'NOT_ELIGIBLE' },
      { when: waits, ask: vote('user:mallory', { teams: [] }), refused: 'NOT_ELIGIBLE' },
      { when: waits, ask: vote('user:bo', { path: 'one/other' }), refused: 'NO_GATE' },
      { when: waits, ask: vote('user:bo') },
      { when: { type: 'voteCast', times: 1 }, ask: vote('user:bo') }, // the same person again
      { when: { type: 'voteCast', times: 2 }, ask: vote('user:cy') },
    ],
    ...{ state: 'succeeded', order: 'exact' },
  },
  {
    name: 'a rejection closes a gate',
    graph: graphOf([step('one/before'), undo('one/before'), { ...gate(1), needs: ['one/before'] }, step('one/a', {}, { needs: ['one/@approval'] })]),
    acts: [{ when: waits, ask: vote('user:bo', { decision: 'reject' }) }],
    ...{ state: 'rolledBack', order: 'exact' },
    check: (told) => assert.deepEqual(order(told), ['one/before', 'one/before/compensate/0']),
  },
  {
    name: 'a gate that nobody opens in time',
    graph: graphOf([node('one/@approval', { uses: 'approval', with: { approvers: ['team:cab'], timeout: '1s' }, timeoutMs: 0 })], {
      rollback: { on: [], budgetMs: 1, git: 'none' },
    }),
    ...{ state: 'failed', order: 'exact' },
  },
  {
    name: 'a signal that comes while somebody waits for it, and again',
    graph: graphOf([node('one/wait', { uses: 'wait.signal', with: { name: 'go' }, timeoutMs: 0 }), step('one/a', { ms: 100 }, { needs: ['one/wait'] })]),
    acts: [
      { when: { type: 'stepWaiting' }, ask: signal('s1') },
      { when: took('one/wait'), ask: signal('s1') },
    ],
    ...{ state: 'succeeded', order: 'lanes' },
    check: ({ events }) => assert.equal(events.filter(({ body }) => body.type === 'signalReceived').length, 1, 'the id makes it one'),
  },
  {
    name: 'signals that come before anybody waits are kept, and each ends one wait',
    graph: graphOf([
      step('one/a', { ms: 400 }),
      node('one/w1', { uses: 'wait.signal', with: { name: 'go' }, timeoutMs: 0, needs: ['one/a'] }),
      node('one/w2', { uses: 'wait.signal', with: { name: 'go' }, timeoutMs: 0, needs: ['one/w1'] }),
    ]),
    acts: [
      { when: { type: 'stepStarted', path: 'one/a' }, ask: signal('early') },
      { when: { type: 'stepWaiting', path: 'one/w2' }, ask: signal('late') },
    ],
    ...{ state: 'succeeded', order: 'lanes' },
  },
  {
    name: 'a signal that does not come in time',
    graph: graphOf([node('one/wait', { uses: 'wait.signal', with: { name: 'go', timeout: '1s' }, timeoutMs: 0, onFailure: 'continue' })]),
    acts: [{ when: { type: 'stepWaiting' }, ask: signal('x', 'other') }],
    ...{ state: 'succeeded', order: 'lanes' },
  },
  {
    name: 'paused: what is under way ends, nothing new starts; resumed: it goes on',
    graph: graphOf([step('one/a', { ms: 300 }), step('two/b')]),
    acts: [
      { when: { type: 'stepStarted', path: 'one/a' }, ask: { type: 'pauseRequested', by: 'user:bo' } },
      { when: took('one/a'), ask: { type: 'resumeRequested', by: 'user:bo' } },
    ],
    ...{ state: 'succeeded', order: 'lanes' },
    check: ({ events }) => {
      const at = (type: string, path?: string) =>
        events.findIndex(({ body }) => body.type === type && (path === undefined || ('path' in body && body.path === path)));
      assert.ok(at('resumeRequested') < at('stepStarted', 'two/b'));
    },
  },
  {
    name: 'cancelled in the middle of a step: it is stopped, finally runs, nothing is undone',
    graph: graphOf([step('one/a', { ms: 60_000 }), undo('one/a'), node('one/finally/0', { role: 'finally', owner: 'one' }), step('two/b')]),
    acts: [{ when: { type: 'stepStarted', path: 'one/a' }, ask: { type: 'cancelRequested', by: 'user:bo', reason: 'enough' } }],
    ...{ state: 'cancelled', order: 'exact' },
    check: (told) => {
      assert.deepEqual(order(told), ['one/finally/0']);
      const error = told.events.flatMap(({ body }) => (body.type === 'stepFinished' && 'error' in body.result ? [body.result.error] : []))[0];
      assert.deepEqual(error, { code: 'CANCELLED', message: 'cancelled by user:bo', retry: 'never' });
    },
  },
  {
    name: 'cancelled while a gate waits',
    graph: graphOf([gate(1)]),
    acts: [{ when: waits, ask: { type: 'cancelRequested', by: 'user:bo' } }],
    ...{ state: 'cancelled', order: 'exact' },
  },
  {
    name: 'rolled back on request in the middle of a step',
    graph: graphOf([step('one/a'), undo('one/a'), step('one/b', { ms: 60_000 }, { needs: ['one/a'] }), undo('one/b')]),
    acts: [{ when: { type: 'stepStarted', path: 'one/b' }, ask: { type: 'rollbackRequested', trigger: 'manual', by: 'user:bo', reason: 'changed our mind' } }],
    ...{ state: 'rolledBack', order: 'exact' },
    check: (told) => assert.deepEqual(order(told), ['one/a', 'one/b/compensate/0', 'one/a/compensate/0']),
  },
  {
    name: 'past the point of no return a rollback is refused, and forced',
    graph: graphOf([step('one/a', {}, { pointOfNoReturn: true }), undo('one/a'), step('one/b', { ms: 60_000 }, { needs: ['one/a'] })]),
    acts: [
      {
        when: { type: 'stepStarted', path: 'one/b' },
        ask: { type: 'rollbackRequested', trigger: 'manual', by: 'user:bo', reason: 'no' },
        refused: 'PAST_NO_RETURN',
      },
      { when: { type: 'stepStarted', path: 'one/b' }, ask: { type: 'rollbackRequested', trigger: 'manual', by: 'user:bo', reason: 'yes', force: true } },
    ],
    ...{ state: 'rolledBack', order: 'exact' },
  },
  {
    name: 'a failure that a person looks at: tried again, then taken as done',
    graph: graphOf([
      step('one/a', { fail: { code: 'ASK', retry: 'pauseForHuman', times: 2 } }),
      step('one/b', { fail: { code: 'ODD' } }, { needs: ['one/a'], onFailure: 'pause' }),
      step('one/c', {}, { needs: ['one/b'] }),
    ]),
    acts: [
      { when: { type: 'attentionRaised', path: 'one/a' }, ask: resolve('one/c', 'done'), refused: 'UNKNOWN_TASK' },
      { when: { type: 'attentionRaised', path: 'one/a' }, ask: resolve('one/a', 'retry') },
      { when: { type: 'attentionRaised', path: 'one/a', times: 2 }, ask: resolve('one/a', 'retry') },
      { when: { type: 'attentionRaised', path: 'one/b' }, ask: resolve('one/a', 'done'), refused: 'NOT_IN_ATTENTION' },
      { when: { type: 'attentionRaised', path: 'one/b' }, ask: resolve('one/b', 'done') },
    ],
    ...{ state: 'succeeded', order: 'exact' },
  },
  {
    name: 'a failure that a person takes as one',
    graph: graphOf([step('one/a', { fail: { code: 'ASK', retry: 'pauseForHuman' } })], { rollback: { on: [], budgetMs: 1, git: 'none' } }),
    acts: [{ when: { type: 'attentionRaised' }, ask: resolve('one/a', 'failed') }],
    ...{ state: 'failed', order: 'exact' },
  },
  {
    name: 'whoever comes after the end is refused',
    graph: graphOf([step('one/a')]),
    acts: [{ when: { type: 'runFinished' }, ask: { type: 'cancelRequested', by: 'user:bo' }, refused: 'RUN_OVER' }],
    ...{ state: 'succeeded', order: 'exact' },
  },
];
