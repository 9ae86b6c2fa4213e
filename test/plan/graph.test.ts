import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { makeGraph, type PlanGraph, type PlanNode } from '../../src/plan/index.ts';
import { calendars, environments, graphOf, load, NOW, problemsOf, request, runbookOf } from './fixture.ts';

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
    assert.match(loop[0]?.message ?? '', /p\/a needs p\/b needs p\/a/);
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
    assert.deepEqual(probe.with, { baseline: 'http://old', candidate: 'http://new', duration: '30m', warmUp: '2m', rate: 20, ignore: ['timestamp'] });
    assert.equal(probe.timeoutMs, 64 * 60_000);
    const verdict = node(graph, 'dual/@analysis');
    assert.equal(verdict.with['evidence'], '${{ steps.dual-probe.outputs.evidence }}');
    assert.equal(verdict.with['onInconclusive'], 'pause');
    assert.equal(verdict.trigger, 'analysisFailed');
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
    assert.deepEqual(node(graph, 'p/net/compensate/tell').needs, ['p/net/compensate/0']);
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
  const child = (rest: string) => load(runbookOf(rest).replace('name: test', 'name: child'));
  const parent =
    'phases: [{id: p, type: custom, steps: [{id: a, uses: runbook.call, with: {runbook: child, inputs: {group: web}}}, {id: b, uses: runbook.call, with: {runbook: child, inputs: {group: db}}}]}]';
  it('are planned with their inputs', () => {
    const graph = graphOf(parent, {
      calls: () => child('inputs: {group: {type: string}}\nphases: [{id: q, type: custom, steps: [{id: x, run: ls, hosts: db}]}]'),
    });
    assert.deepEqual(graph.calls['child']?.nodes['q/x']?.hosts?.names, ['db-1']);
    assert.deepEqual(Object.keys(graph.hosts), []);
  });
  it('must not choose different hosts under one name', () => {
    const problems = problemsOf(parent, {
      calls: () => child('inputs: {group: {type: string}}\nphases: [{id: q, type: custom, steps: [{id: x, run: ls, hosts: "${{ inputs.group }}"}]}]'),
    });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['CALL_CONFLICT'],
    );
  });
  it('must not go round in circles', () => {
    const problems = problemsOf(parent, { calls: () => child('phases: [{id: q, type: custom, steps: [{id: x, uses: runbook.call, with: {runbook: test}}]}]') });
    assert.match(problems[0]?.message ?? '', /test calls child calls test/);
  });
});
