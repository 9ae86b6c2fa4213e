import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type PlanGraph, type PlanNode } from '../../src/plan/index.ts';
import { environments, graphOf, load, problemsOf, runbookOf } from './fixture.ts';

function node(graph: PlanGraph, path: string): PlanNode {
  const found = graph.nodes[path];
  assert.ok(found, `no node ${path} in ${Object.keys(graph.nodes).join(', ')}`);
  return found;
}
const prod = environments(`
apiVersion: slipway/v1
kind: Environment
metadata: {name: prod}
production: true
approval: {approvers: [team:cab]}
window: {schedule: "0 2 * * 6", duration: 4h, timeZone: Europe/Berlin, onOverrun: rollback}
vars: {group: web}
`);

describe('inputs', () => {
  const phases =
    'phases: [{id: p, type: custom, environment: prod, steps: [{id: a, run: x, hosts: "${{ environment.vars.group }}"}, {id: up, uses: pulumi.up, with: {stack: "a/${{ inputs.stage }}"}}]}]';
  it('choose hosts and are checked where they are used', () => {
    const graph = graphOf(phases, { environments: prod, inputs: { values: { stage: 'test' }, secrets: [] } });
    assert.equal(node(graph, 'p/a').hosts?.pattern, 'web');
    assert.equal(node(graph, 'p/up').label, 'up a/test');
    const problems = problemsOf(phases, { environments: prod, inputs: { values: { stage: 'NO!' }, secrets: [] } });
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [['BAD_SETTING', 'phases[0].steps[1].with.stack']],
    );
  });

  it('leave text that names a secret as it was written', () => {
    const graph = graphOf('phases: [{id: p, type: custom, steps: [{id: a, uses: check.http, with: {url: "http://${{ inputs.token }}"}}]}]', {
      inputs: { values: {}, secrets: ['token'] },
    });
    assert.equal(node(graph, 'p/a').label, 'a');
    assert.equal(node(graph, 'p/a').with['url'], 'http://${{ inputs.token }}');
  });
});

describe('mistakes', () => {
  const codes = (phases: string) => problemsOf(phases).map(({ code, path }) => `${code} ${path}`);
  it('are all told at once, with their place', () => {
    assert.deepEqual(
      codes(`
concurrency: {group: "\${{ steps.a.outputs.x }}"}
phases:
  - id: p
    type: custom
    environment: nowhere
    pointOfNoReturn: gone
    watch: [{id: w, uses: pulumi.up}]
    steps:
      - {id: a, uses: no.such}
      - {id: b, uses: ssh.run, with: {run: x}}
      - {id: c, run: x, hosts: empty}
      - {id: d, run: x, hosts: "\${{ steps.a.outputs.host }}"}
      - {id: e, uses: runbook.call, with: {runbook: other}}
`),
      [
        'UNKNOWN_ENVIRONMENT phases[0].environment',
        'UNKNOWN_KIND phases[0].steps[0].uses',
        'NO_HOSTS phases[0].steps[1]',
        'NO_HOSTS phases[0].steps[2].hosts',
        'HOSTS_UNKNOWN phases[0].steps[3].hosts',
        'UNKNOWN_STEP phases[0].pointOfNoReturn',
        'BAD_WATCH phases[0].watch[0].uses',
        'UNKNOWN_RUNBOOK phases[0].steps[4].with.runbook',
        'GROUP_UNKNOWN concurrency.group',
      ],
    );
  });
});

describe('calls', () => {
  const withChild = (rest: string) => new Map([['child', load(runbookOf(rest).replace('name: test', 'name: child'))]]);
  const parent =
    'phases: [{id: p, type: custom, steps: [{id: a, uses: runbook.call, with: {runbook: child, inputs: {group: web}}}, {id: b, uses: runbook.call, with: {runbook: child, inputs: {group: db}}}]}]';
  it('are planned with their inputs', () => {
    const graph = graphOf(parent, {
      runbooks: withChild('inputs: {group: {type: string}}\nphases: [{id: q, type: custom, steps: [{id: x, run: ls, hosts: db}]}]'),
    });
    assert.deepEqual(graph.calls['child']?.nodes['q/x']?.hosts?.names, ['db-1']);
    assert.deepEqual(Object.keys(graph.hosts), []);
  });
  it('must not choose different hosts under one name', () => {
    const problems = problemsOf(parent, {
      runbooks: withChild('inputs: {group: {type: string}}\nphases: [{id: q, type: custom, steps: [{id: x, run: ls, hosts: "${{ inputs.group }}"}]}]'),
    });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['CALL_CONFLICT'],
    );
  });
  it('must not go round in circles', () => {
    const problems = problemsOf(parent, {
      runbooks: withChild('phases: [{id: q, type: custom, steps: [{id: x, uses: runbook.call, with: {runbook: test}}]}]'),
    });
    assert.match(problems[0]?.message ?? '', /test calls child calls test/);
  });
});
