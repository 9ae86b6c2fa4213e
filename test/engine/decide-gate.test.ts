import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import type { PlanNode } from '../../src/plan/index.ts';
import { Simulation } from './simulator.ts';
import { graphOf, node } from './support.ts';

const GATE = 'one/@approval';
function gated(
  input: JsonObject,
  { rest = {}, created = {}, on = [] }: { rest?: Partial<PlanNode>; created?: object; on?: readonly 'approvalDenied'[] } = {},
): Simulation {
  const nodes = [
    node(GATE, { uses: 'approval', with: { approvers: ['team:a', 'team:b', 'user:cy'], ...input }, timeoutMs: 0, ...rest }),
    node('one/a', { needs: [GATE] }),
  ];
  const run = new Simulation(graphOf(nodes, { rollback: { on, budgetMs: 1_000, git: 'none' } }), created);
  run.settle();
  return run;
}
let votes = 0;
function vote(
  run: Simulation,
  voter: string,
  { teams = ['a'], decision = 'approve' as 'approve' | 'reject', planDigest = 'sha256:test' as const, path = GATE } = {},
): string {
  run.push({ type: 'voteCast', id: `v${votes++}`, path, voter, teams, decision, planDigest });
  run.settle();
  return run.live.has('one/a') ? 'open' : run.state;
}

test('opens with enough distinct voters; voting twice is one vote', () => {
  const run = gated({ required: 2 });
  assert.equal(vote(run, 'user:bo'), 'waiting');
  assert.equal(vote(run, 'user:bo'), 'waiting');
  assert.equal(vote(run, 'user:di'), 'open');
});

test('perGroup: every team must give its votes', () => {
  const run = gated({ required: 2, perGroup: 1 });
  assert.equal(vote(run, 'user:bo'), 'waiting');
  assert.equal(vote(run, 'user:di'), 'waiting');
  assert.equal(vote(run, 'user:cy', { teams: [] }), 'waiting');
  assert.equal(vote(run, 'user:ed', { teams: ['b'] }), 'open');
});

for (const [name, cast] of [
  ['somebody it does not name', { voter: 'user:x', teams: ['c'] }],
  ['the one who started the run', { voter: 'user:ada', teams: ['a'] }],
  ['an author', { voter: 'user:author', teams: ['a'] }],
  ['an author who is written otherwise', { voter: 'user:Author', teams: ['a'] }],
  ['an author by the whole address', { voter: 'user:author@example.org', teams: ['a'] }],
  ['another plan', { voter: 'user:bo', teams: ['a'], planDigest: 'sha256:other' }],
] as const) {
  test(`does not count: ${name}, neither for nor against`, () => {
    const run = gated({}, { created: { authors: ['user:author'] } });
    const { voter, teams, ...rest } = cast;
    const more = rest as { planDigest?: 'sha256:test' };
    assert.equal(vote(run, voter, { teams: [...teams], ...more }), 'waiting');
    assert.equal(vote(run, voter, { teams: [...teams], decision: 'reject', ...more }), 'waiting');
  });
}

test('self-approval counts where the gate allows it', () => {
  assert.equal(vote(gated({ preventSelfApproval: false }), 'user:ada'), 'open');
});

test('one rejection closes it; whoever changes their mind before that is counted once', () => {
  const run = gated({ required: 2 });
  vote(run, 'user:bo');
  assert.equal(vote(run, 'user:di', { decision: 'reject' }), 'failed');
  assert.match(run.data.finished?.reason ?? '', /rejected by user:di/);
});

test('a vote cast before the gate waits counts', () => {
  const run = new Simulation(
    graphOf([
      node('one/x'),
      node(GATE, { uses: 'approval', with: { approvers: ['team:a'] }, timeoutMs: 0, needs: ['one/x'] }),
      node('one/a', { needs: [GATE] }),
    ]),
  );
  run.settle();
  assert.notEqual(vote(run, 'user:bo'), 'open');
  run.finish('one/x');
  run.settle();
  assert.ok(run.live.has('one/a'));
});

test('a vote after the deadline does not count, even when nobody was there to close the gate', () => {
  const run = gated({ timeout: '1s' });
  run.now += 1_001;
  assert.equal(vote(run, 'user:bo'), 'failed');
  assert.match(run.data.finished?.reason ?? '', /nobody decided in time/);
  const punctual = gated({ timeout: '1s' });
  punctual.push({ type: 'voteCast', id: 'p', path: GATE, voter: 'user:bo', teams: ['a'], decision: 'approve', planDigest: 'sha256:test' });
  punctual.now += 5_000;
  punctual.settle();
  assert.ok(punctual.live.has('one/a'), 'it came in time, and counts whenever it is read');
});

test('onTimeout deny fails the run, and rolls back only where the runbook says so', () => {
  for (const [on, state] of [
    [[], 'failed'],
    [['approvalDenied'], 'rolledBack'],
  ] as const) {
    const run = gated({ timeout: '1s' }, { on });
    run.now += 1_000;
    run.settle();
    assert.equal(run.state, state);
  }
});

test('onTimeout rollback always rolls back: no trigger, tolerated failure, nested gate', () => {
  for (const rest of [{}, { onFailure: 'continue' as const }, { onFailure: 'pause' as const }]) {
    const run = gated({ timeout: '1s', onTimeout: 'rollback' }, { rest });
    run.now += 1_000;
    run.settle();
    assert.equal(run.state, 'rolledBack', JSON.stringify(rest));
  }
  const path = 'one/s/case/x/g';
  const run = new Simulation(
    graphOf(
      [
        node('one/s', { uses: 'switch', with: { value: 'x' }, onFailure: 'continue' }),
        node(path, {
          role: 'case',
          owner: 'one/s',
          branch: 'x',
          uses: 'approval',
          timeoutMs: 0,
          with: { approvers: ['user:bo'], timeout: '1s', onTimeout: 'rollback' },
        }),
      ],
      { rollback: { on: [], budgetMs: 1_000, git: 'none' } },
    ),
  );
  run.settle();
  run.now += 1_000;
  run.settle();
  assert.equal(run.state, 'rolledBack');
});

test('onTimeout escalate raises attention and still opens with a late vote; nobody resolves it past the voters', () => {
  const run = gated({ timeout: '1s', onTimeout: 'escalate' });
  run.now += 1_000;
  run.settle();
  assert.equal(run.state, 'attention');
  for (const as of ['done', 'retry'] as const) run.push({ type: 'taskResolved', id: as, path: GATE, by: 'user:ada', as });
  run.settle();
  assert.ok(!run.live.has('one/a'));
  assert.equal(run.state, 'attention');
  run.now += 60_000;
  assert.equal(vote(run, 'user:bo'), 'open');
  assert.equal(run.state, 'running');
});

test('a rehearsal grants gates and says so', () => {
  const run = gated({ required: 9 }, { created: { rehearsal: true } });
  assert.ok(run.live.has('one/a'));
  assert.ok(run.events.some(({ body }) => body.type === 'gateClosed' && body.outcome === 'autoGranted'));
});

test('signals: one before the wait is kept, each ends one wait, a late one does not count', () => {
  const wait = (path: string, rest: Partial<PlanNode> = {}) => node(path, { uses: 'wait.signal', with: { name: 'go', timeout: '1s' }, timeoutMs: 0, ...rest });
  const signal = (run: Simulation, id: string) => {
    run.push({ type: 'signalReceived', id, name: 'go', by: 'user:bo', payload: { n: 1 } });
    run.settle();
  };
  const early = new Simulation(graphOf([node('one/x'), wait('one/a', { needs: ['one/x'] })]));
  early.settle();
  signal(early, 's1');
  early.finish('one/x');
  early.settle();
  assert.deepEqual(early.data.tasks.get('one/a')?.outputs, { signal: 's1', payload: { n: 1 }, by: 'user:bo' });

  const two = new Simulation(graphOf([wait('one/a'), wait('one/b')]));
  two.settle();
  signal(two, 's1');
  assert.deepEqual([two.stateOf('one/a'), two.stateOf('one/b')], ['ok', 'waiting']);
  signal(two, 's2');
  assert.equal(two.state, 'succeeded');

  const late = new Simulation(graphOf([wait('one/a')], { rollback: { on: [], budgetMs: 1, git: 'none' } }));
  late.settle();
  late.now += 1_001;
  signal(late, 's1');
  assert.equal(late.stateOf('one/a'), 'timedOut');
});
