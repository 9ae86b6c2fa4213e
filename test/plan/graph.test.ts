import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type PlanGraph, type PlanNode } from '../../src/plan/index.ts';
import { calendars, environments, graphOf, NOW, problemsOf } from './fixture.ts';

function node(graph: PlanGraph, path: string): PlanNode {
  const found = graph.nodes[path];
  assert.ok(found, `no node ${path} in ${Object.keys(graph.nodes).join(', ')}`);
  return found;
}
const pathsOf = (graph: PlanGraph) => Object.keys(graph.nodes);
const needsOf = (graph: PlanGraph) => Object.fromEntries(Object.values(graph.nodes).map(({ path, needs }) => [path, needs]));
const check = '{uses: check.http, with: {url: "http://x"}}';
const prod = environments(`
apiVersion: slipway/v1
kind: Environment
metadata: {name: prod}
production: true
approval: {approvers: [team:cab]}
window: {schedule: "0 2 * * 6", duration: 4h, timeZone: Europe/Berlin, onOverrun: rollback}
vars: {group: web}
`);

describe('order of steps', () => {
  it('is the order of the file, unless needs say otherwise', () => {
    const graph = graphOf(`
phases:
  - id: one
    type: custom
    steps:
      - {id: a, uses: notify}
      - {id: b, uses: notify}
      - {id: c, uses: notify, needs: []}
      - {id: d, uses: notify, needs: [a, c]}
      - {id: e, uses: notify}
  - id: two
    type: custom
    steps:
      - {id: f, uses: notify, needs: [a]}
`);
    assert.deepEqual(needsOf(graph), { 'one/a': [], 'one/b': ['one/a'], 'one/c': [], 'one/d': ['one/a', 'one/c'], 'one/e': ['one/d'], 'two/f': [] });
    assert.deepEqual(graph.phases[0]?.waves, [['one/a', 'one/c'], ['one/b', 'one/d'], ['one/e']]);
  });

  it('finds loops and steps that are not there', () => {
    const loop = problemsOf('phases: [{id: p, type: custom, steps: [{id: a, uses: notify, needs: [b]}, {id: b, uses: notify, needs: [a]}]}]');
    assert.deepEqual(
      loop.map(({ code }) => code),
      ['NEEDS_CYCLE'],
    );
    assert.match(loop[0]?.message ?? '', /p\/(a|b) needs p\/(a|b) needs p\/(a|b)/);
    const missing = problemsOf('phases: [{id: p, type: custom, steps: [{id: install, uses: notify}, {id: b, uses: notify, needs: [instal]}]}]');
    assert.deepEqual(
      missing.map(({ code, path, hint }) => [code, path, hint]),
      [['UNKNOWN_NEED', 'phases[0].steps[1].needs[0]', 'did you mean "install"?']],
    );
  });
});

describe('gates', () => {
  it('waits, then asks, then runs', () => {
    const graph = graphOf(`
phases:
  - id: cut
    type: cutover
    after: 72h
    approval: {approvers: ["team:cab"], required: 2, timeout: 24h}
    steps: [{id: a, uses: notify}, {id: b, uses: notify, needs: []}]
`);
    assert.deepEqual(graph.phases[0]?.nodes, ['cut/@after', 'cut/@approval', 'cut/a', 'cut/b']);
    assert.deepEqual(needsOf(graph), {
      'cut/@after': [],
      'cut/@approval': ['cut/@after'],
      'cut/a': ['cut/@after', 'cut/@approval'],
      'cut/b': ['cut/@after', 'cut/@approval'],
    });
    assert.deepEqual(node(graph, 'cut/@after').with, { duration: '72h' });
    assert.deepEqual(node(graph, 'cut/@approval').with, { approvers: ['team:cab'], required: 2, timeout: '24h' });
    assert.equal(node(graph, 'cut/@approval').trigger, 'approvalDenied');
    assert.equal(node(graph, 'cut/@approval').timeoutMs, 0);
  });

  it("takes an environment's approval and window for phases that change something, and only those", () => {
    const graph = graphOf(
      `
phases:
  - {id: look, type: prepare, environment: prod, steps: [${check}]}
  - {id: do, type: provision, environment: prod, steps: [{run: ls, hosts: web}]}
  - {id: own, type: provision, environment: prod, approval: {approvers: ["user:ada"]}, steps: [{run: ls, hosts: web}]}
`,
      { environments: prod },
    );
    assert.equal(graph.nodes['look/@approval'], undefined);
    assert.equal(graph.phases[0]?.window, undefined);
    assert.deepEqual(node(graph, 'do/@approval').with, { approvers: ['team:cab'] });
    assert.equal(graph.phases[1]?.window?.length, 57);
    assert.equal(graph.phases[1]?.onOverrun, 'rollback');
    assert.deepEqual(node(graph, 'own/@approval').with, { approvers: ['user:ada'] });
  });

  it('reads calendars, and says what is wrong with a window', () => {
    const weekend = calendars(`
apiVersion: slipway/v1
kind: Calendar
metadata: {name: weekend}
timeZone: Europe/Berlin
windows: [{kind: allow, schedule: "0 20 * * 5", duration: 58h}]
`);
    const text = (name: string) => `phases: [{id: p, type: custom, window: {allow: ${name}, onOverrun: pause}, steps: [{uses: notify}]}]`;
    const [phase] = graphOf(text('weekend'), { calendars: weekend }).phases;
    assert.equal(new Date(phase?.window?.find(({ from }) => from > NOW)?.from ?? 0).toISOString(), '2026-11-27T19:00:00.000Z');
    assert.equal(phase?.onOverrun, 'pause');
    assert.deepEqual(
      problemsOf(text('week'), { calendars: weekend }).map(({ code, path }) => [code, path]),
      [['BAD_WINDOW', 'phases[0].window']],
    );
  });
});

describe('dual run', () => {
  const text = (duration: string) => `
phases:
  - id: dual
    type: dualRun
    with: {baseline: "http://old", candidate: "http://new", duration: ${duration}, warmUp: 2m, rate: 20}
    analysis:
      onInconclusive: pause
      metrics: [{name: errors, kind: rate, margin: 1pp}, {name: parity, kind: mismatch, max: 1%, ignore: [timestamp]}]
    steps: [{id: warm, uses: notify}]
`;
  it('becomes a probe and a verdict after the steps', () => {
    const graph = graphOf(text('30m'));
    assert.deepEqual(graph.phases[0]?.waves, [['dual/warm'], ['dual/@probe'], ['dual/@analysis']]);
    const probe = node(graph, 'dual/@probe');
    assert.equal(probe.id, 'dual-probe');
    const { watch, ...written } = probe.with;
    assert.deepEqual(written, { baseline: 'http://old', candidate: 'http://new', duration: '30m', warmUp: '2m', rate: 20, ignore: ['timestamp'] });
    assert.deepEqual(watch, {
      metrics: [
        { name: 'errors', kind: 'rate', margin: '1pp' },
        { name: 'parity', kind: 'mismatch', max: '1%' },
      ],
    });
    assert.equal(probe.timeoutMs, 64 * 60_000);
    const verdict = node(graph, 'dual/@analysis');
    assert.equal(verdict.with['evidence'], '${{ steps.dual-probe.outputs.evidence }}');
    assert.equal(verdict.with['onInconclusive'], 'pause');
    assert.equal(verdict.trigger, 'analysisFailed');
  });

  it('lets the probe go on while undecided when the runbook says so, and gives it the time', () => {
    const extended = text('30m').replace('onInconclusive: pause', 'onInconclusive: extend\n      confidence: 0.9\n      maxDuration: 4h');
    const probe = node(graphOf(extended), 'dual/@probe');
    assert.deepEqual(Object.keys(probe.with['watch'] ?? {}).sort(), ['confidence', 'extendTo', 'metrics']);
    assert.equal(probe.timeoutMs, 2 * (240 + 2) * 60_000);
    const paused = node(graphOf(text('30m').replace('onInconclusive: pause', 'onInconclusive: pause\n      maxDuration: 4h')), 'dual/@probe');
    assert.deepEqual(Object.keys(paused.with['watch'] ?? {}), ['metrics']);
  });

  it('takes as long as an input says', () => {
    const graph = graphOf(`inputs: {time: {type: string}}${text('"${{ inputs.time }}"')}`, { inputs: { values: { time: '2h' }, secrets: [] } });
    assert.equal(node(graph, 'dual/@probe').timeoutMs, 2 * 122 * 60_000);
    assert.equal(node(graph, 'dual/@probe').with['duration'], '${{ inputs.time }}');
  });
});

describe('nested steps', () => {
  it('have a role, an owner and a path below it', () => {
    const graph = graphOf(`
phases:
  - id: p
    type: custom
    steps:
      - id: choose
        uses: switch
        with: {value: "\${{ inputs.cloud }}"}
        cases:
          aws: [{id: on-aws, uses: notify}, {uses: notify}]
          azure: [{uses: notify}]
        default: [{uses: notify, rescue: [{id: help, uses: notify}]}]
        finally: [{uses: notify}]
      - {id: next, uses: notify}
    finally: [{id: tell, uses: notify}]
rollback: {steps: [{id: last, uses: notify}]}
inputs: {cloud: {type: string, default: aws}}
`);
    assert.deepEqual(pathsOf(graph), [
      'p/choose',
      'p/choose/case/on-aws',
      'p/choose/case/1',
      'p/choose/case/2',
      'p/choose/case/3',
      'p/choose/case/3/rescue/help',
      'p/choose/finally/0',
      'p/next',
      'p/finally/tell',
      '@rollback/last',
    ]);
    const roles = Object.values(graph.nodes).map(({ role, owner, branch }) => [role, owner, branch]);
    assert.deepEqual(roles, [
      ['step', undefined, undefined],
      ['case', 'p/choose', 'aws'],
      ['case', 'p/choose', 'aws'],
      ['case', 'p/choose', 'azure'],
      ['case', 'p/choose', 'default'],
      ['rescue', 'p/choose/case/3', undefined],
      ['finally', 'p/choose', undefined],
      ['step', undefined, undefined],
      ['finally', 'p', undefined],
      ['rollback', undefined, undefined],
    ]);
    assert.deepEqual(node(graph, 'p/choose/case/1').needs, ['p/choose/case/on-aws']);
    assert.deepEqual(node(graph, 'p/next').needs, ['p/choose']);
    assert.deepEqual(graph.phases[0]?.nodes, ['p/choose', 'p/next']);
  });
});
