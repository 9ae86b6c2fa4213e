import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createEvaluator } from '../../src/policy/evaluator.ts';
import { digestOfBytes } from '../../src/core/index.ts';
import { DEADLINE_MS, folder, judgedBy, load, policiesOf, verdict } from './support.ts';

/** Takes minutes: a search through pairs of pairs, in which every one differs. */
const SLOW = `package slipway.slow

deny contains "found" if {
	input.slow
	some a in numbers.range(1, 3000)
	some b in numbers.range(1, 3000)
	some c in numbers.range(1, 3000)
	a + b + c == -1
}

deny contains "bad" if input.bad
`;

describe('judging fails closed', () => {
  it('without a folder of policies', async (context) => {
    const set = await load(context, join(await folder(context), 'nothing'));
    const { decision, findings } = await verdict(set, {});
    assert.deepEqual([decision, findings[0]?.rule, findings[0]?.msg], ['deny', 'slipway.noPolicies', 'there are no policies, so nothing may run']);
  });

  it('with an empty folder, with words only, and with packages that nobody asks', async (context) => {
    for (const files of [{}, { 'a.rego': 'package slipway.words\n\nis_big(x) if x > 5\n' }, { 'a.rego': 'package acme\n\ndeny contains "x" if false\n' }]) {
      const { decision, findings } = await verdict(await load(context, await policiesOf(context, files)), {});
      assert.deepEqual([decision, findings[0]?.rule], ['deny', 'slipway.noPolicies']);
    }
  });

  it('when a rule has no value, and says which', async (context) => {
    const { decision, findings } = await judgedBy(context, 'package slipway.a\n\ndeny := input.nothing\n\nwarn contains "w"\n');
    assert.equal(decision, 'deny');
    assert.deepEqual(findings.map(({ rule, msg }) => [rule, msg])[0], ['slipway.noDecision', 'rule slipway.a.deny has no value']);
    assert.equal(findings[1]?.msg, 'w', 'what is clear is told all the same');
  });

  for (const [what, value] of Object.entries({
    'a truth value': 'true',
    'a text': '"no"',
    'an object': '{"a": "b"}',
    'a list of numbers': '[1, 2]',
    'an object without msg': '[{"message": "no"}]',
    'a level that is not known': '[{"msg": "no", "enforcement": "Soft"}]',
    'a place that is no text': '[{"msg": "no", "at": 5}]',
  })) {
    it(`when a rule gives ${what}`, async (context) => {
      const { decision, findings } = await judgedBy(context, 'package slipway.a\n\ndeny := input.answer\n', { answer: JSON.parse(value) });
      assert.equal(decision, 'deny');
      assert.equal(findings[0]?.rule, 'slipway.badDecision');
      assert.match(findings[0]?.msg ?? '', /^rule slipway\.a\.deny gave something/);
    });
  }

  it('when a rule contradicts itself', async (context) => {
    const rego = 'package slipway.a\n\nlimit := 1 if input.a\n\nlimit := 2 if input.b\n\ndeny contains "x" if limit > 5\n';
    const { decision, findings } = await judgedBy(context, rego, { a: true, b: true });
    assert.deepEqual([decision, findings[0]?.rule], ['deny', 'slipway.crash']);
    assert.match(findings[0]?.msg ?? '', /conflict/);
  });

  it('when a builtin cannot do what it is asked', async (context) => {
    const rego = 'package slipway.a\n\ndeny contains "x" if sprintf("%d", [input.x]) == "5"\n';
    assert.deepEqual([(await judgedBy(context, rego, { x: 'five' })).decision, (await judgedBy(context, rego, { x: 4 })).decision], ['deny', 'allow']);
  });

  it('when a rule takes too long; the next judgement works', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': SLOW }));
    assert.equal((await verdict(set, {})).decision, 'allow');
    const began = performance.now();
    const { decision, findings } = await verdict(set, { slow: true }, { deadlineMs: 300 });
    assert.ok(performance.now() - began < 10_000);
    assert.deepEqual([decision, findings[0]?.rule, findings[0]?.msg], ['deny', 'slipway.timeout', 'no decision within 300 ms']);
    assert.equal((await verdict(set, { bad: true })).findings[0]?.msg, 'bad');
    assert.equal((await verdict(set, {})).decision, 'allow');
  });

  it('when a rule takes too long, without harm to others that wait', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': SLOW }));
    const [slow, quick] = await Promise.all([verdict(set, { slow: true }, { deadlineMs: 300 }), verdict(set, {})]);
    assert.deepEqual([slow.decision, quick.decision], ['deny', 'allow']);
  });

  it('when it is cancelled, before and meanwhile; the next judgement works', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': SLOW }));
    const before = await verdict(set, {}, { signal: AbortSignal.abort() });
    assert.deepEqual([before.decision, before.findings[0]?.rule], ['deny', 'slipway.abort']);
    const meanwhile = await verdict(set, { slow: true }, { signal: AbortSignal.timeout(200) });
    assert.deepEqual([meanwhile.decision, meanwhile.findings[0]?.rule], ['deny', 'slipway.abort']);
    assert.equal((await verdict(set, {})).decision, 'allow');
  });

  it('when a rule wants more memory than there is; the next judgement works', async (context) => {
    const doubled = Array.from({ length: 22 }, (_, n) => `\tx${n + 1} := concat("", [x${n}, x${n}])\n`).join('');
    const rego = `package slipway.a\n\ndeny contains "x" if {\n\tx0 := input.text\n${doubled}\tcount(x22) < 0\n}\n`;
    const set = await load(context, await policiesOf(context, { 'a.rego': rego }));
    const { decision, findings } = await verdict(set, { text: 'x'.repeat(1_000) });
    assert.deepEqual([decision, findings[0]?.rule], ['deny', 'slipway.crash'], JSON.stringify(findings));
    assert.equal((await verdict(set, { text: '' })).decision, 'allow');
  });

  it('when what was compiled is broken', async () => {
    for (const wasm of [Buffer.from('no wasm'), Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])]) {
      using evaluator = createEvaluator({ digest: digestOfBytes(''), packages: [], wasm, data: '{}' });
      for (const _ of [1, 2]) {
        const { type } = await evaluator.evaluate({}, { deadlineMs: DEADLINE_MS, signal: new AbortController().signal });
        assert.equal(type, 'crash');
      }
    }
  });

  it('but answers what was asked before it was closed: others may be in the middle of judging by the same policies', async (context) => {
    const set = await load(context, await policiesOf(context, { 'a.rego': SLOW }));
    const judging = [verdict(set, { bad: true }), verdict(set, {}), verdict(set, { bad: true })];
    set[Symbol.dispose]();
    assert.deepEqual(
      (await Promise.all(judging)).map(({ decision, findings }) => [decision, findings[0]?.rule]),
      [
        ['deny', 'slipway.slow.deny'],
        ['allow', undefined],
        ['deny', 'slipway.slow.deny'],
      ],
    );
    assert.equal((await verdict(set, {})).decision, 'allow');
  });
});
