import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { digestOf, isObject, type Json } from '../../src/core/index.ts';
import { type PlanBody, policyInput, type PolicyInput } from '../../src/plan/index.ts';
import { bodyOf, environments, graphOf, NOW } from './fixture.ts';

const RUNBOOK = `
inputs: {stage: {type: string}, token: {type: string, secret: true}}
sla: [{id: fast, type: maxDuration, phase: cut, duration: 30m, behavior: rollback}]
rollback: {on: [stepFailed, manual], budget: 5m, git: pullRequest, steps: [{uses: notify}]}
phases:
  - id: provision
    type: provision
    environment: prod
    steps:
      - id: net
        uses: pulumi.up
        with: {stack: "net/\${{ inputs.stage }}", config: {password: "\${{ inputs.token }}"}}
        compensate: [{uses: pulumi.destroy, with: {stack: "net/\${{ inputs.stage }}"}}]
      - {id: app, run: ./install, env: {VPC: "\${{ steps.net.outputs.vpc }}"}, hosts: web, serial: [1, 50%], become: {user: root, password: "\${{ inputs.token }}"}}
  - id: cut
    type: cutover
    environment: prod
    approval: {approvers: ["team:leads", "team:cab"], required: 2, perGroup: 1, timeout: 24h}
    window: {schedule: "0 2 * * 6", duration: 4h, timeZone: Europe/Berlin, onOverrun: rollback}
    pointOfNoReturn: w100
    watch: [{id: health, uses: check.http, with: {url: "http://x"}, interval: 30s}]
    steps:
      - {id: w10, uses: traffic.setWeight, hosts: lb, with: {weight: 10}}
      - {id: w100, uses: traffic.setWeight, hosts: lb, with: {weight: 100}, retry: {attempts: 2}}
`;
const known = environments(`
apiVersion: slipway/v1
kind: Environment
metadata: {name: prod}
production: true
costCeiling: 5000
zones: [{name: rack-a, provider: onPrem}, {name: cloud, provider: aws, regions: [eu-west-1]}]
`);
const inputs = { values: { stage: 'prod' }, secrets: ['token'] };
const body: PlanBody = bodyOf(graphOf(RUNBOOK, { environments: known, inputs }), {
  inputs,
  cost: { monthly: 4200 },
  previews: {
    'provision/net': {
      type: 'stack',
      stack: 'net/prod',
      operation: 'up',
      stateDigest: digestOf('s'),
      preview: {
        changes: [{ op: 'create', type: 'aws:ec2/vpc:Vpc', name: 'main', urn: 'urn:1', properties: ['cidrBlock'], facts: { region: 'eu-west-1', tags: {} } }],
        counts: { create: 1 },
        warnings: [],
        approximate: false,
      },
    },
  },
});
const context = { now: NOW, actor: { name: 'user:ada', teams: ['team:erp'] }, authors: ['user:grace'] };
// The document is the JSON form of this type.
const input = policyInput(body, context) as unknown as PolicyInput;

describe('policy input', () => {
  it('tells the phases', () => {
    const [provision, cut] = input.phases;
    assert.deepEqual(provision, {
      id: 'provision',
      type: 'provision',
      index: 0,
      environment: 'prod',
      production: true,
      steps: ['provision/net', 'provision/app'],
      waves: [['provision/net'], ['provision/app']],
      hosts: ['web-1', 'web-2', 'web-3'],
      mutates: true,
      watches: [],
    });
    assert.deepEqual(cut?.approval, {
      path: 'cut/@approval',
      approvers: ['team:leads', 'team:cab'],
      required: 2,
      perGroup: 1,
      preventSelfApproval: true,
      timeoutSeconds: 86_400,
      onTimeout: 'deny',
    });
    assert.deepEqual(cut?.window, {
      onOverrun: 'rollback',
      openNow: false,
      next: { from: '2026-11-28T01:00:00.000Z', to: '2026-11-28T05:00:00.000Z' },
      openings: 57,
    });
    assert.equal(cut?.pointOfNoReturn, 'cut/w100');
    assert.deepEqual(cut?.watches, [{ path: 'cut/watch/health', uses: 'check.http', with: { url: 'http://x' }, intervalSeconds: 30, failureLimit: 2 }]);
    const open = policyInput(body, { ...context, now: Date.UTC(2026, 10, 28, 2) }) as unknown as PolicyInput;
    assert.equal(open.phases[1]?.window?.openNow, true);
  });

  it('tells which phases may be skipped', () => {
    const graph = graphOf(RUNBOOK.replace('    type: cutover', '    type: cutover\n    if: "${{ inputs.stage == \'prod\' }}"'), {
      environments: known,
      inputs,
    });
    const { phases } = policyInput(bodyOf(graph, { inputs }), context) as unknown as PolicyInput;
    assert.deepEqual(
      phases.map(({ id, if: condition }) => [id, condition]),
      [
        ['provision', undefined],
        ['cut', "${{ inputs.stage == 'prod' }}"],
      ],
    );
  });

  it('tells the steps, with settings as far as they are known', () => {
    const byPath = new Map(input.steps.map((step) => [step.path, step]));
    const net = byPath.get('provision/net');
    assert.deepEqual(net?.with, { stack: 'net/prod', config: { password: '${{ inputs.token }}' } });
    assert.equal(net?.known, false);
    assert.deepEqual(net?.compensations, [
      { path: 'provision/net/compensate/0', uses: 'pulumi.destroy', with: { stack: 'net/prod' }, order: 'normal', implied: false },
    ]);
    assert.deepEqual(byPath.get('provision/app')?.hosts, {
      pattern: 'web',
      names: ['web-1', 'web-2', 'web-3'],
      count: 3,
      serial: [1, { fraction: 0.5 }],
      largestBatch: 1,
      strategy: 'linear',
      anyErrorsFatal: false,
      runOnce: false,
      become: { user: 'root' },
      guarded: false,
    });
    // The second move shares the way back of the first.
    assert.deepEqual(
      byPath.get('cut/w100')?.compensations.map(({ path, order, implied }) => [path, order, implied]),
      [['cut/w10/compensate/undo', 'traffic', true]],
    );
    assert.equal(byPath.get('@rollback/0')?.phaseType, 'custom');
    assert.deepEqual(
      input.steps.map(({ path }) => path),
      ['provision/net', 'provision/net/compensate/0', 'provision/app', 'cut/@approval', 'cut/w10', 'cut/w10/compensate/undo', 'cut/w100', '@rollback/0'],
    );
  });

  it('tells stacks, hosts, environments, cost and how much is touched', () => {
    assert.deepEqual(
      input.stacks.map(({ path, program, name, production, counts }) => [path, program, name, production, counts]),
      [['provision/net', 'net', 'prod', true, { create: 1 }]],
    );
    assert.deepEqual(input.hosts[0], {
      name: 'web-1',
      address: 'web-1.internal',
      port: 22,
      user: 'slipway',
      zone: 'rack-a',
      groups: [],
      vars: {},
      jump: ['bastion'],
      ...{ pinnedHostKeys: 0, shell: 'posix', legacy: [] },
    });
    assert.deepEqual(input.environments, {
      prod: {
        name: 'prod',
        production: true,
        zones: [
          { name: 'rack-a', provider: 'onPrem', regions: [] },
          { name: 'cloud', provider: 'aws', regions: ['eu-west-1'] },
        ],
        costCeiling: 5000,
        hasApproval: false,
        hasWindow: false,
      },
    });
    assert.deepEqual(input.cost, { monthly: 4200 });
    assert.deepEqual(input.blastRadius, {
      hosts: 4,
      stacks: 1,
      resources: { create: 1, update: 0, replace: 0, delete: 0, import: 0 },
      mutatingSteps: 4,
      irreversibleSteps: 1,
      environments: ['prod'],
      zones: ['rack-a', 'rack-b'],
    });
    assert.deepEqual(input.rollback, { on: ['stepFailed', 'manual'], budgetSeconds: 300, git: 'pullRequest', steps: 3, pointOfNoReturn: 'cut/w100' });
    assert.deepEqual(input.runbook.labels, { app: 'shop' });
    assert.deepEqual(input.sla, [{ id: 'fast', phase: 'cut', behavior: 'rollback', durationSeconds: 1_800 }]);
  });

  it('is the same whoever planned first, and holds no null', () => {
    assert.deepEqual(policyInput(body, context), policyInput(body, context));
    assert.equal(JSON.stringify(input).includes('null'), false);
  });

  it('has no member that its documentation does not name', () => {
    const text = readFileSync(new URL('../../docs/policy-input.md', import.meta.url), 'utf8');
    const free = new Set(['values', 'labels', 'with', 'vars', 'facts', 'counts', 'environments', 'analysis']);
    const visit = (value: Json): void => {
      if (Array.isArray(value)) return value.forEach(visit);
      if (!isObject(value)) return;
      for (const [name, child] of Object.entries(value)) {
        assert.ok(new RegExp(`\\b${name}\\b`).test(text), `docs/policy-input.md does not mention "${name}"`);
        if (!free.has(name)) visit(child);
      }
    };
    visit(policyInput(body, context));
  });
});
