import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { makeGraph, type PlanGraph, type PlanNode } from '../../src/plan/index.ts';
import { graphOf, load, problemsOf, request, runbookOf } from './fixture.ts';

function node(graph: PlanGraph, path: string): PlanNode {
  const found = graph.nodes[path];
  assert.ok(found, `no node ${path} in ${Object.keys(graph.nodes).join(', ')}`);
  return found;
}
const pathsOf = (graph: PlanGraph) => Object.keys(graph.nodes);
const check = '{uses: check.http, with: {url: "http://x"}}';

describe('compensations', () => {
  it('are those of the runbook, else those the kind knows', () => {
    const graph = graphOf(`
phases:
  - id: p
    type: provision
    steps:
      - {id: net, uses: pulumi.up, with: {stack: net/prod}, compensate: [{uses: pulumi.destroy, with: {stack: net/prod}}, {id: tell, uses: notify}]}
      - {id: w, uses: traffic.setWeight, hosts: lb, become: {user: haproxy}, serial: 1, maxFailPercentage: 0, with: {weight: 10}}
      - {id: never, uses: traffic.setWeight, hosts: lb, with: {weight: 20}, compensate: []}
`);
    assert.deepEqual(node(graph, 'p/net/compensate/1').needs, ['p/net/compensate/0']);
    const undo = node(graph, 'p/w/compensate/undo');
    assert.deepEqual([undo.order, undo.implied, undo.with, undo.owner], ['traffic', true, { weight: 0 }, 'p/w']);
    assert.deepEqual(undo.hosts, {
      pattern: 'lb',
      names: ['lb-1'],
      serial: [{ fraction: 1 }],
      strategy: 'linear',
      anyErrorsFatal: false,
      runOnce: false,
      become: { user: 'haproxy' },
    });
    assert.equal(graph.nodes['p/never/compensate/undo'], undefined);
    assert.equal(node(graph, 'p/net/compensate/0').order, 'normal');
  });

  it('give back first what a decommission took, except traffic', () => {
    const graph = graphOf(`
phases:
  - id: retire
    type: decommission
    steps:
      - {id: stop, run: stop, hosts: web, compensate: [{run: start, hosts: web}]}
      - {id: w, uses: traffic.setWeight, hosts: lb, with: {weight: 100}}
`);
    assert.equal(node(graph, 'retire/stop/compensate/0').order, 'early');
    assert.equal(node(graph, 'retire/w/compensate/undo').order, 'traffic');
  });

  it('never make traffic wait for something that comes later', () => {
    const graph = graphOf(`
phases:
  - id: p
    type: cutover
    steps:
      - id: a
        run: x
        hosts: web
        compensate: [{uses: notify}, {uses: traffic.setWeight, hosts: lb, with: {weight: 0}}, {uses: notify}]
`);
    assert.deepEqual(node(graph, 'p/a/compensate/1').needs, []);
    assert.deepEqual(node(graph, 'p/a/compensate/2').needs, ['p/a/compensate/1']);
  });

  it('keep one of several identical traffic moves', () => {
    const steps = (first: string) => `
phases:
  - id: cut
    type: cutover
    steps:
      - {id: w10, uses: traffic.setWeight, hosts: lb, with: {weight: 10}${first}}
      - {id: w50, uses: traffic.setWeight, hosts: lb, with: {weight: 50}}
      - {id: other, uses: traffic.setWeight, hosts: web, with: {weight: 50}}
      - {id: aside, uses: traffic.setWeight, hosts: lb, needs: [], with: {weight: 50}}
`;
    const undos = (graph: PlanGraph) => pathsOf(graph).filter((path) => path.endsWith('/undo'));
    const graph = graphOf(steps(''));
    // "aside" may start before "w10", so it keeps its own.
    assert.deepEqual(undos(graph), ['cut/w10/compensate/undo', 'cut/other/compensate/undo', 'cut/aside/compensate/undo']);
    assert.equal(node(graph, 'cut/w50').undoneBy, 'cut/w10/compensate/undo');
    // A step that may be skipped cannot undo for others.
    assert.equal(undos(graphOf(steps(', if: "${{ inputs.x }}"'))).length, 4);
  });

  it('may use expressions that only the run knows', () => {
    const graph = graphOf(`
phases:
  - id: p
    type: cutover
    steps: [{id: w, uses: traffic.setWeight, hosts: lb, foreach: [10, 20], with: {weight: "\${{ item }}"}}]
`);
    assert.deepEqual(node(graph, 'p/w/compensate/undo').with, { weight: 0 });
  });

  it('cannot have compensations', () => {
    const problems = problemsOf('phases: [{id: p, type: custom, steps: [{run: x, hosts: web, compensate: [{uses: notify, compensate: [{uses: notify}]}]}]}]');
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['NESTED_COMPENSATE'],
    );
  });
});

describe('defaults', () => {
  it('retry what may be repeated', () => {
    const graph = graphOf(`
phases:
  - id: p
    type: custom
    steps:
      - {id: look, ${check.slice(1)}
      - {id: cmd, run: x, hosts: web}
      - {id: guarded, run: x, hosts: web, creates: /etc/x}
      - {id: up, uses: pulumi.up, with: {stack: a/b}}
      - {id: wait, uses: pause, with: {duration: 1h}}
      - {id: own, run: x, hosts: web, timeout: 5m, deadline: 1h, heartbeat: 10s, onFailure: continue, retry: {attempts: 7, backoff: {initial: 1s}, on: [SSH_LOST]}}
`);
    const facts = Object.values(graph.nodes).map(({ id, retry, idempotency, timeoutMs }) => [id, retry.attempts, idempotency, timeoutMs]);
    assert.deepEqual(facts, [
      ['look', 3, 'safe', 1_200_000],
      ['cmd', 1, 'manual', 1_200_000],
      ['guarded', 3, 'safe', 1_200_000],
      ['up', 1, 'probe', 1_200_000],
      ['wait', 1, 'safe', 0],
      ['own', 7, 'manual', 300_000],
    ]);
    assert.deepEqual(node(graph, 'p/own').retry, { attempts: 7, initialMs: 1_000, factor: 2, maxMs: 120_000, jitter: 'full', on: ['SSH_LOST'], except: [] });
    assert.deepEqual([node(graph, 'p/own').deadlineMs, node(graph, 'p/own').heartbeatMs, node(graph, 'p/own').onFailure], [3_600_000, 10_000, 'continue']);
    assert.equal(node(graph, 'p/look').trigger, 'healthFailed');
  });

  it("takes the runbook's own defaults, but not for compensations that fail", () => {
    const graph = graphOf(`
defaults: {timeout: 3m, hosts: web, onFailure: rollback, retry: {attempts: 2, backoff: {jitter: none}}}
phases: [{id: p, type: custom, steps: [{id: a, run: x, compensate: [{run: y}]}]}]
`);
    const [own, undo] = [node(graph, 'p/a'), node(graph, 'p/a/compensate/0')];
    assert.deepEqual([own.timeoutMs, own.retry.attempts, own.retry.jitter, own.onFailure], [180_000, 2, 'none', 'rollback']);
    assert.deepEqual(own.hosts?.names, ['web-1', 'web-2', 'web-3']);
    assert.equal(undo.onFailure, 'fail');
  });

  it('lets no default tolerate what gates and measurements say; a step of its own may', () => {
    for (const [common, expected] of [
      ['continue', ['fail', 'fail', 'fail', 'fail', 'continue', 'continue']],
      ['pause', ['fail', 'fail', 'fail', 'fail', 'continue', 'pause']],
      ['rollback', ['rollback', 'rollback', 'rollback', 'rollback', 'continue', 'rollback']],
    ] as const) {
      const graph = graphOf(`
defaults: {onFailure: ${common}}
phases:
  - id: p
    type: dualRun
    approval: {approvers: ["team:a"]}
    with: {baseline: "http://a", candidate: "http://b"}
    analysis: {metrics: [{name: errors, kind: rate, margin: 1pp}]}
    steps:
      - {id: ask, uses: approval, with: {approvers: ["team:a"]}}
      - {id: own, uses: approval, with: {approvers: ["team:a"]}, onFailure: continue}
      - {id: work, run: x, hosts: web}
`);
      const paths = ['@approval', 'ask', '@probe', '@analysis', 'own', 'work'];
      assert.deepEqual(
        paths.map((path) => node(graph, `p/${path}`).onFailure),
        expected,
      );
    }
  });

  it('says how a step spreads over hosts', () => {
    const graph = graphOf(`
phases:
  - id: p
    type: custom
    steps:
      - {id: plain, run: x, hosts: web}
      - {id: own, run: x, hosts: web, serial: [1, 50%], throttle: 2, strategy: free, maxFailPercentage: 10, anyErrorsFatal: true, runOnce: true, become: {user: root, password: "\${{ inputs.p }}"}}
inputs: {p: {type: string, secret: true}}
`);
    assert.deepEqual(node(graph, 'p/plain').hosts, {
      pattern: 'web',
      names: ['web-1', 'web-2', 'web-3'],
      serial: [{ fraction: 1 }],
      strategy: 'linear',
      anyErrorsFatal: false,
      runOnce: false,
    });
    assert.deepEqual(node(graph, 'p/own').hosts?.serial, [1, { fraction: 0.5 }]);
    assert.deepEqual(node(graph, 'p/own').hosts?.become, { user: 'root', password: '${{ inputs.p }}' });
    assert.deepEqual(Object.keys(graph.hosts), ['web-1', 'bastion', 'web-2', 'web-3']);
    assert.deepEqual(graph.hosts['web-1']?.jump, ['bastion']);
    assert.equal(JSON.stringify(graph).includes('login'), false);
  });

  it('never lets a secret in', () => {
    const loaded = load(runbookOf('phases: [{id: p, type: custom, steps: [{run: x, hosts: web, become: {password: "${{ inputs.p }}"}}]}]'));
    const [phase] = loaded.runbook.phases;
    const unsealed = {
      ...loaded,
      runbook: {
        ...loaded.runbook,
        phases: phase ? [{ ...phase, steps: phase.steps.map((step) => ({ ...step, become: { password: new Secret('hunter22') } })) }] : [],
      },
    };
    assert.throws(() => makeGraph({ ...request(runbookOf('phases: [{id: p, type: custom}]')), runbook: unsealed }), /a secret was about to enter a plan/);
  });
});
