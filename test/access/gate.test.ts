import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type AccessObject, createGate, decide, type DecisionEntry, type Identity, type Judges, namesOf, rulesOf } from '../../src/access/index.ts';
import { type Clock, SlipwayError, systemClock } from '../../src/core/index.ts';
import { loadPolicies, type PolicySet } from '../../src/policy/index.ts';
import { type AccessAction, validateRepository } from '../../src/runbook/index.ts';
import { toolPath } from '../support/tools.ts';

const SHIPPED = join(import.meta.dirname, '..', '..', 'policies');
const FILES = `
apiVersion: slipway/v1
kind: Access
metadata: { name: people }
roles:
  viewer: { actions: ['*.read'] }
  operator: { includes: [viewer], actions: [run.start, run.cancel] }
teams:
  erp: { members: ['user:ada', 'group:/idp/erp'] }
bindings:
  - { role: operator, subjects: ['team:erp'], environments: [lab], runbooks: ['erp-*'] }
---
apiVersion: slipway/v1
kind: Access
metadata: { name: machines }
roles:
  admin: { actions: ['*'] }
bindings:
  - { role: admin, subjects: ['user:root'], environments: ['*'] }
  - { role: operator, subjects: ['trigger:portal', 'token:ci'], environments: ['*'] }
  - { role: viewer, subjects: [anyone], environments: ['*'], runbooks: [erp-open] }
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: lab }
`;
const signal = AbortSignal.timeout(120_000);
const person = (name: string, groups: readonly string[] = []): Identity => ({ id: `user:${name}`, via: 'session', groups });
const runbook = (name: string, ...environments: string[]): AccessObject => ({ kind: 'runbook', runbook: name, environments });

let policies: PolicySet;
let cacheDir: string;
const rules = rulesFrom(FILES);
const judges = (): Judges => ({ rules, policies });

function rulesFrom(text: string): Judges['rules'] {
  const parsed = validateRepository([{ path: 'runbooks/access.yaml', text: text.replaceAll('erp-open', 'erp-open*') }]);
  assert.ok(parsed.ok, JSON.stringify(parsed.problems));
  return rulesOf(parsed.value.accesses.values());
}
const may = async (identity: Identity, action: AccessAction, object: AccessObject): Promise<boolean> =>
  (await decide(judges(), { identity, action, object }, signal)).allowed;

before(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'slipway-access-'));
  policies = await loadPolicies({ dir: SHIPPED, opaPath: await toolPath('opa'), cacheDir, signal });
});
after(async () => {
  policies[Symbol.dispose]();
  await rm(cacheDir, { recursive: true, force: true });
});

describe('who may do what', () => {
  test('is what Access files say together: roles with what they include, teams by name and by group', async () => {
    assert.equal(await may(person('ada'), 'run.start', runbook('erp-new', 'lab')), true);
    assert.equal(await may(person('ada'), 'log.read', runbook('erp-new', 'lab')), true);
    assert.equal(await may(person('eve', ['/idp/erp']), 'run.start', runbook('erp-new', 'lab')), true);
    assert.equal(await may(person('eve', ['/idp/crm']), 'run.start', runbook('erp-new', 'lab')), false);
    assert.deepEqual(namesOf(rules, person('eve', ['/idp/erp'])), ['user:eve', 'anyone', 'group:/idp/erp', 'team:erp']);
  });

  test('is nothing else', async () => {
    assert.equal(await may(person('ada'), 'run.start', runbook('erp-new', 'lab', 'prod')), false);
    assert.equal(await may(person('ada'), 'run.start', runbook('crm', 'lab')), false);
    assert.equal(await may(person('ada'), 'run.vote', runbook('erp-new', 'lab')), false);
    assert.equal(await may(person('ada'), 'token.create', { kind: 'server' }), false);
    assert.equal(await may(person('nobody'), 'run.read', runbook('erp-new', 'lab')), false);
  });

  test('a group or user cannot pose as another kind of subject', async () => {
    assert.equal(await may({ id: 'user:ci', via: 'session' }, 'run.start', runbook('crm', 'lab')), false);
    assert.equal(await may(person('eve', ['erp', 'team:erp', 'user:root']), 'run.start', runbook('erp-new', 'lab')), false);
  });

  test('anyone is a person, not a machine', async () => {
    assert.equal(await may(person('eve'), 'runbook.read', runbook('erp-open1', 'lab')), true);
    assert.equal(await may({ id: 'trigger:other', via: 'webhook' }, 'runbook.read', runbook('erp-open1', 'lab')), false);
  });

  test('scopes limit, and give nothing', async () => {
    const ci = (...scopes: readonly { action: string; runbook?: string }[]): Identity => ({ id: 'token:ci', via: 'token', scopes });
    assert.equal(await may(ci({ action: 'run.start' }), 'run.start', runbook('crm', 'prod')), true);
    assert.equal(await may(ci({ action: 'run.read' }), 'run.start', runbook('crm', 'prod')), false);
    assert.equal(await may(ci({ action: 'run.start', runbook: 'erp-*' }), 'run.start', runbook('crm', 'prod')), false);
    assert.equal(await may(ci(), 'run.start', runbook('crm', 'prod')), false);
    assert.equal(await may(ci({ action: '*' }), 'token.create', { kind: 'server' }), false);
  });

  test('is no with no files, and when the policies do not know the question', async () => {
    const asked = { identity: person('root'), action: 'run.read', object: runbook('x') } as const;
    const empty = rulesOf([]);
    assert.equal((await decide({ rules: empty, policies }, asked, signal)).allowed, false);
    const without = { ...policies, packages: policies.packages.filter((name) => name !== 'slipway.access') };
    const decision = await decide({ rules, policies: without }, asked, signal);
    assert.equal(decision.allowed, false);
    const crashing = { ...policies, evaluator: { ...policies.evaluator, evaluate: async () => ({ type: 'crash', why: 'broken' }) as const } };
    assert.equal((await decide({ rules, policies: crashing }, asked, signal)).allowed, false);
  });
});

describe('the gate', () => {
  const asked = (action: AccessAction, who = person('ada')) => ({ identity: who, action, object: runbook('erp-new', 'lab') });

  test('keeps every decision, and the same look once a minute', async () => {
    const kept: DecisionEntry[] = [];
    let now = 0;
    const clock: Clock = { ...systemClock, monotonic: () => now };
    const gate = createGate({ clock, audit: async (entry) => void kept.push(entry) });
    await gate.authorize(judges(), asked('run.start'), signal);
    await gate.authorize(judges(), asked('run.start'), signal);
    await gate.authorize(judges(), asked('run.read'), signal);
    await gate.authorize(judges(), asked('run.read'), signal);
    await assert.rejects(gate.authorize(judges(), asked('run.vote'), signal), (error: SlipwayError) => error.code === 'NOT_AUTHORIZED' && error.exitCode === 3);
    now = 60_001;
    await gate.authorize(judges(), asked('run.read'), signal);
    assert.deepEqual(
      kept.map(({ actor, action, object, details }) => `${actor} ${action} ${object} ${details['allowed'] === true ? 'true' : 'false'}`),
      [
        'user:ada run.start runbook:erp-new true',
        'user:ada run.start runbook:erp-new true',
        'user:ada run.read runbook:erp-new true',
        'user:ada run.vote runbook:erp-new false',
        'user:ada run.read runbook:erp-new true',
      ],
    );
  });

  test('a decision that cannot be kept is no permission', async () => {
    const gate = createGate({ clock: systemClock, audit: () => Promise.reject(new SlipwayError('STORE_IO', 'disk full')) });
    await assert.rejects(gate.authorize(judges(), asked('run.start'), signal), /disk full/);
  });

  test('what was remembered for one set of rules does not count for another', async () => {
    const gate = createGate({ clock: systemClock, audit: async () => undefined });
    assert.equal(await gate.mayList(judges(), asked('run.read'), signal), true);
    assert.equal(await gate.mayList({ rules: rulesOf([]), policies }, asked('run.read'), signal), false);
    assert.equal(await gate.mayList(judges(), asked('run.read', person('eve')), signal), false);
  });
});

test('policies that give no answer in time are a no that may be asked again; a denial is not', async () => {
  const late: PolicySet = {
    ...policies,
    evaluator: { evaluate: async () => ({ type: 'timeout', why: 'no decision within 5000 ms' }), [Symbol.dispose]: () => undefined },
  };
  const gate = createGate({ clock: systemClock, audit: async () => undefined });
  const request = { identity: person('mallory'), action: 'run.start', object: runbook('erp-x', 'lab') } as const;
  for (const [set, retry] of [
    [late, 'afterBackoff'],
    [policies, 'never'],
  ] as const) {
    await assert.rejects(
      gate.authorize({ rules, policies: set }, request, signal),
      (thrown) => thrown instanceof SlipwayError && thrown.code === 'NOT_AUTHORIZED' && thrown.retry === retry,
    );
  }
});
