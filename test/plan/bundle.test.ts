import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, SlipwayError } from '../../src/core/index.ts';
import { diffPlans, expectedDuration, type PlanFacts, sealPlan, stalenessOf, verifyPlan } from '../../src/plan/index.ts';
import { bodyOf, graphOf, NOW } from './fixture.ts';

const graph = graphOf('phases: [{id: p, type: custom, steps: [{id: a, run: x, hosts: web}, {id: b, uses: notify}]}]');
const code = (expected: string) => (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === expected;

describe('bundle', () => {
  it('has the same digest after a trip through a file', () => {
    const sealed = sealPlan(bodyOf(graph));
    const read = verifyPlan(JSON.parse(JSON.stringify(sealed)));
    assert.equal(read.digest, sealed.digest);
    assert.equal(sealPlan(read.body).digest, sealed.digest);
    assert.match(sealed.digest, /^sha256:[0-9a-f]{64}$/);
  });

  it('is refused when anything in it was changed', () => {
    const text = JSON.stringify(sealPlan(bodyOf(graph)));
    for (const [from, to] of [
      ['"decision":"allow"', '"decision":"deny"'],
      ['web-1', 'web-9'],
      ['"dirty":false', '"dirty":true'],
      ['2026-11-24', '2036-11-24'],
    ] as const) {
      assert.ok(text.includes(from), from);
      assert.throws(() => verifyPlan(JSON.parse(text.replace(from, to))), code('PLAN_TAMPERED'), from);
    }
    for (const no of [undefined, null, 3, [], {}, { version: 2, digest: 'x', body: {} }, { version: 1, digest: 'x', body: { expires: 'x' } }]) {
      assert.throws(() => verifyPlan(no), code('PLAN_UNREADABLE'));
    }
  });
});

describe('staleness', () => {
  const stacks = { 'net/prod': { stateDigest: digestOf('s'), configDigest: digestOf('c') } };
  const body = bodyOf(graph, { stacks });
  const facts: PlanFacts = {
    now: NOW,
    head: body.commit.head,
    runbook: body.runbook.digest,
    inventory: body.inventory,
    environments: body.environments,
    policies: body.policies.digest,
    stacks,
    tools: body.tools,
  };
  const codes = (over: Partial<PlanFacts>, of = body) => stalenessOf(of, { ...facts, ...over }).map((reason) => reason.code);
  const other = digestOf('other');

  it('has no reason while nothing moved', () => assert.deepEqual(codes({}), []));
  it('has a reason for each thing that moved', () => {
    assert.deepEqual(codes({ now: Date.parse(body.expires) }), ['EXPIRED']);
    assert.deepEqual(codes({ head: 'f'.repeat(40) }), ['COMMIT_MOVED']);
    assert.deepEqual(codes({ runbook: other, inventory: other, environments: other, policies: other }), [
      'RUNBOOK_CHANGED',
      'INVENTORY_CHANGED',
      'ENVIRONMENTS_CHANGED',
      'POLICIES_CHANGED',
    ]);
    assert.deepEqual(codes({ stacks: { 'net/prod': { stateDigest: other, configDigest: other } } }), ['STACK_MOVED', 'STACK_CONFIG_CHANGED']);
    assert.deepEqual(codes({ stacks: {} }), ['STACK_MOVED']);
    assert.deepEqual(codes({ tools: { slipway: '0.1.0', pulumi: '3.246.0', opa: '1.12.0' } }), ['TOOL_CHANGED']);
  });
  it('counts an expiry that cannot be read as over', () => assert.deepEqual(codes({}, { ...body, expires: 'soon' }), ['EXPIRED']));
});

describe('diff', () => {
  it('is empty for plans that differ in their expiry only', () => {
    const diff = diffPlans(sealPlan(bodyOf(graph)), sealPlan(bodyOf(graph, { expires: '2027-01-01T00:00:00.000Z' })));
    assert.equal(diff.same, true);
  });

  it('names what was added, removed and changed', () => {
    const after = graphOf('phases: [{id: p, type: custom, steps: [{id: a, run: y, hosts: db}, {id: c, uses: notify}]}]');
    const diff = diffPlans(sealPlan(bodyOf(graph)), sealPlan(bodyOf(after, { inputs: { values: { size: 'm' }, secrets: [] } })));
    assert.equal(diff.same, false);
    assert.deepEqual([diff.added, diff.removed, diff.changed], [['p/c'], ['p/b'], [{ path: 'p/a', members: ['hosts', 'with'] }]]);
    assert.deepEqual(diff.hosts, { added: ['db-1'], removed: ['bastion', 'web-1', 'web-2', 'web-3'], changed: [] });
    assert.deepEqual([diff.inputs, diff.parts], [['size'], ['phases']]);
  });
});

describe('expected duration', () => {
  const timed = graphOf(
    `
phases:
  - id: one
    type: custom
    steps:
      - {id: a, uses: notify, needs: []}
      - {id: b, uses: notify, needs: []}
      - {id: soak, uses: pause, with: {duration: "\${{ inputs.soak }}"}, needs: [a]}
      - {id: c, uses: notify, needs: [soak, b]}
  - id: two
    type: custom
    approval: {approvers: ["team:cab"]}
    steps: [{id: d, uses: notify}]
`,
    { inputs: { values: { soak: '10m' }, secrets: [] } },
  );

  it('adds medians and pauses along the longest way', () => {
    const history = { 'one/a': [1_000, 3_000, 2_000], 'one/b': [60_000], 'one/c': [5_000, 7_000], 'two/d': [4_000] };
    const expected = expectedDuration(timed, history, { soak: '10m' });
    assert.equal(expected.ms, 2_000 + 600_000 + 6_000 + 4_000);
    assert.deepEqual(expected.criticalPath, ['one/a', 'one/soak', 'one/c', 'two/@approval', 'two/d']);
    assert.deepEqual(expected.unknown, []);
  });

  it('says what it does not know', () => {
    const expected = expectedDuration(timed, {}, {});
    assert.equal(expected.ms, 0);
    assert.deepEqual(expected.unknown, ['one/a', 'one/b', 'one/soak', 'one/c', 'two/d']);
  });
});
