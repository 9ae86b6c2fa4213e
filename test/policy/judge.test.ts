import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, type Json } from '../../src/core/index.ts';
import { type DecisionLog, evaluatePackages } from '../../src/policy/index.ts';
import { planWith } from './plan.ts';
import { DEADLINE_MS, judgedBy, load, policiesOf, SHIPPED, verdict } from './support.ts';

const BASE = 'package slipway.base\n\ndeny contains "base" if input.bad\n';
const EXTRA = 'package slipway.extra\n\ndeny contains "extra" if input.bad\n';
const OTHER = 'package acme.naming\n\ndeny contains "naming" if input.bad\n';

describe('a judgement', () => {
  it('takes texts and objects, with place, hint and level', async (context) => {
    const { decision, findings } = await judgedBy(
      context,
      `package slipway.a

deny contains "a text"

deny contains {"msg": "hard", "at": "p/s", "hint": "do", "enforcement": "hard", "extra": 1}

violation contains {"msg": "soft", "enforcement": "soft"}

warn_later contains {"msg": "careful"}
`,
    );
    assert.equal(decision, 'deny');
    assert.deepEqual(
      findings
        .map(({ level, rule, msg, at, hint }) => ({ level, rule, msg, ...(at === undefined ? {} : { at }), ...(hint === undefined ? {} : { hint }) }))
        .sort(byMsg),
      [
        { level: 'deny', rule: 'slipway.a.deny', msg: 'a text' },
        { level: 'warn', rule: 'slipway.a.warn_later', msg: 'careful' },
        { level: 'deny', rule: 'slipway.a.deny', msg: 'hard', at: 'p/s', hint: 'do' },
        { level: 'soft', rule: 'slipway.a.violation', msg: 'soft' },
      ],
    );
    assert.deepEqual(
      findings.map(({ level }) => level),
      ['deny', 'deny', 'soft', 'warn'],
    );
    const hard = findings.find(({ msg }) => msg === 'hard');
    assert.equal(hard?.id, digestOf({ rule: 'slipway.a.deny', msg: 'hard', at: 'p/s' }), 'an override names rule, message and place');
  });

  it('is soft when nothing is hard, and allows with warnings', async (context) => {
    assert.equal((await judgedBy(context, 'package slipway.a\n\ndeny contains {"msg": "m", "enforcement": "soft"}\n')).decision, 'softDeny');
    assert.equal((await judgedBy(context, 'package slipway.a\n\nwarn contains "m"\n')).decision, 'allow');
  });

  it('lets an exception of the same package turn a denial into a warning that says so', async (context) => {
    const set = await load(
      context,
      await policiesOf(context, {
        'a.rego':
          'package slipway.a\n\ndeny_public contains "public"\n\ndeny_other contains "other"\n\nexception contains "deny_public" if input.now < "2026-12-01"\n',
        'b.rego': 'package slipway.b\n\nexception contains "deny_other"\n',
      }),
    );
    const before = await verdict(set, { now: '2026-11-30T00:00:00Z' });
    assert.deepEqual(
      before.findings.map(({ level, msg }) => [level, msg]),
      [
        ['deny', 'other'],
        ['warn', 'public (let through by an exception)'],
      ],
    );
    const later = await verdict(set, { now: '2026-12-02T00:00:00Z' });
    assert.deepEqual(
      later.findings.map(({ level }) => level),
      ['deny', 'deny'],
    );
  });

  it('asks the baseline always and others when a runbook adds them', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': BASE, 'b.rego': EXTRA, 'c.rego': OTHER }));
    const messages = async (add: readonly string[]) => (await verdict(set, { bad: true }, { add })).findings.map(({ msg }) => msg).sort();
    assert.deepEqual(await messages([]), ['base', 'extra']);
    assert.deepEqual(await messages(['acme.naming']), ['base', 'extra', 'naming']);
    assert.deepEqual(await messages(['extra', 'slipway.extra']), ['base', 'extra'], 'adding what is asked anyway takes nothing away');
  });

  it('denies a runbook that names a policy there is not', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': BASE }));
    const { decision, findings } = await verdict(set, {}, { add: ['naming', '!slipway.base'] });
    assert.equal(decision, 'deny');
    assert.match(findings.map(({ msg }) => msg).join(), /names the policy "naming", and there is none/);
    assert.match(findings[0]?.hint ?? '', /slipway\.base/);
  });

  it('says the same twice', async (context) => {
    const set = await load(context, SHIPPED);
    const bad = planWith('runbook', {});
    assert.deepEqual(await verdict(set, bad), await verdict(set, bad));
  });

  it('answers many questions at once, each its own', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': 'package slipway.a\n\ndeny contains sprintf("%d", [input.n]) if input.n > 0\n' }));
    const judged = await Promise.all([1, 2, 3, 4, 5].map((n) => verdict(set, { n })));
    assert.deepEqual(
      judged.map(({ findings }) => findings[0]?.msg),
      ['1', '2', '3', '4', '5'],
    );
  });
});

describe('the decision log', () => {
  it("has the shape of OPA's events, and no secret", async (context) => {
    const set = await load(context, SHIPPED);
    const logs: DecisionLog[] = [];
    await verdict(set, planWith('runbook.owner', undefined), { onDecision: (decision) => logs.push(decision) });
    const [log] = logs;
    assert.equal(logs.length, 1);
    assert.ok(log);
    assert.deepEqual(Object.keys(log).sort(), ['bundles', 'decision_id', 'input', 'labels', 'metrics', 'path', 'result', 'timestamp']);
    assert.equal(log.timestamp, '2026-11-28T02:00:00.000Z');
    assert.equal(log.bundles.policies.revision, set.digest);
    assert.match(JSON.stringify(log.result), /has no owner/);
    assert.ok(log.metrics.timer_rego_query_eval_ns > 0);
    const { inputs } = log.input as { inputs: { values: Json; secrets: Json } }; // the plan above
    assert.deepEqual(inputs, { values: {}, secrets: ['adminToken'] }, 'secrets are named only');
  });

  it('tells another decision id each time', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': BASE }));
    const ids: string[] = [];
    for (const _ of [1, 2]) await verdict(set, {}, { onDecision: ({ decision_id }) => ids.push(decision_id), now: new Date(0) });
    assert.notEqual(ids[0], ids[1]);
  });
});

describe('evaluatePackages', () => {
  const options = { deadlineMs: DEADLINE_MS, signal: new AbortController().signal };

  it('asks the named packages only, about any document', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': BASE, 'b.rego': EXTRA, 'c.rego': OTHER }));
    const found = await evaluatePackages(set, ['extra', 'acme.naming'], { input: { bad: true }, options });
    assert.deepEqual(found.map(({ rule }) => rule).sort(), ['acme.naming.deny', 'slipway.extra.deny']);
    assert.deepEqual(await evaluatePackages(set, ['extra'], { input: { bad: false }, options }), []);
  });

  it('fails closed for a name there is not, and for none', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': BASE }));
    const levels = async (names: readonly string[]) => (await evaluatePackages(set, names, { input: {}, options })).map(({ level, rule }) => [level, rule]);
    assert.deepEqual(await levels(['base', 'other']), [['deny', 'slipway.unknownPolicy']]);
    assert.deepEqual(await levels([]), [['deny', 'slipway.noPolicies']]);
  });

  it('judges a compliance scan', async (context) => {
    const set = await load(context, SHIPPED);
    const scan = (clockSkewMs: number): Json => ({ scan: { runId: 'r' }, facts: { hosts: { h1: { facts: { clockSkewMs, uptimeSeconds: 5 } } } }, stacks: {} });
    const ask = async (input: Json) => (await evaluatePackages(set, ['slipway.compliance'], { input, options })).map(({ msg }) => msg);
    assert.deepEqual(await ask(scan(3)), []);
    assert.deepEqual(await ask(scan(-9000)), ['the clock of h1 is 9000 ms off']);
  });
});

function byMsg(a: { readonly msg: string }, b: { readonly msg: string }): number {
  return a.msg < b.msg ? -1 : 1;
}
