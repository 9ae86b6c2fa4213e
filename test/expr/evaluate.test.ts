import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json } from '../../src/core/index.ts';
import { evaluateDeep, evaluateTemplate, hasExpression, parseTemplate, partialDeep, referencesOf, type Scope } from '../../src/expr/index.ts';

const scope: Scope = {
  inputs: { size: 'l', count: 3, flag: true, token: { $secret: 's1' }, other: { $secret: 's2' }, none: null },
  steps: {
    net: { outputs: { vpcId: 'vpc-1', ids: ['a', 'b'], 'odd.key': 7, hosts: [{ name: 'x', up: true }, { name: 'y' }] } },
    'drop-old': { outputs: { n: 1 } },
  },
};

function run(text: string): Json {
  const parsed = parseTemplate(text);
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.problems));
  return evaluateTemplate(parsed.template, scope);
}

/** Expression, value. */
const table: readonly (readonly [string, Json])[] = [
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['7 % 4 - -1', 4],
  ['1 - 2 - 3', -4],
  ['10 / 4', 2.5],
  ['1 / 0', null],
  ['1 % 0', null],
  ['1e308 * 10', null],
  ['"a" + "b"', 'ab'],
  ['"a" + 1', null],
  ['1 < 2 && "a" < "b"', true],
  ['1 < "a"', null],
  ['2 >= 2', true],
  ['!true', false],
  ['!inputs.none', true],
  ['true || false && false', true],
  ['null ?? "d"', 'd'],
  ['false ?? true', false],
  ['inputs.missing.deeper', null],
  ['inputs.size == "l" ? "big" : "small"', 'big'],
  ['false ? 1 : true ? 2 : 3', 2],
  ['[1, [2]] == [1, [2]]', true],
  ['inputs.size in ["m", "l"]', true],
  ['"size" in inputs', true],
  ['"ell" in "hello"', true],
  ['steps.net.outputs.vpcId', 'vpc-1'],
  ['steps["net"].outputs["odd.key"]', 7],
  ['steps.drop-old.outputs.n', 1],
  ['steps.net.outputs.ids[0]', 'a'],
  ['steps.net.outputs.ids[-1]', 'b'],
  ['steps.net.outputs.ids[9]', null],
  ['steps.net.outputs.hosts[*].name', ['x', 'y']],
  ['steps.net.outputs.hosts[*].up', [true]],
  ['length("abc") + length([1]) + length(inputs)', 10],
  ['contains([1, 2], 2) && contains("abc", "b")', true],
  ['startsWith("abc", "a") && endsWith("abc", "c")', true],
  ['lower("AbC") + upper("x") + trim("  y ")', 'abcXy'],
  ['split("a,b", ",")', ['a', 'b']],
  ['join(["a", 1, true], "-")', 'a-1-true'],
  ['replace("a.b.c", ".", "")', 'abc'],
  ['min(3, 1, 2) + max([3, 9])', 10],
  ['round(2.345, 2)', 2.35],
  ['[round(2.5), floor(2.9), ceil(2.1), abs(-2)]', [3, 2, 3, 2]],
  ['keys(steps)', ['drop-old', 'net']],
  ['values(steps.drop-old)', [{ n: 1 }]],
  ['[has(inputs, "size"), has(inputs, "none"), has(inputs, "constructor")]', [true, false, false]],
  ['default(null, 5)', 5],
  ['toJson({ })', null],
  ['fromJson("{\\"a\\": [1]}").a[0]', 1],
  ['fromJson("{oops")', null],
  ['format("{0}-{1}-{0}", "a", 2)', 'a-2-a'],
  ['range(3)', [0, 1, 2]],
  ['range(2, 4)', [2, 3]],
  ['length(range(1000))', 1000],
  ['range(1001)', null],
  ['[first([1, 2]), last([1, 2]), first([])]', [1, 2, null]],
  ['unique([1, 1, [2], [2]])', [1, [2]]],
  ['sort(["b", "a"])', ['a', 'b']],
  ['sort([2, "a"])', null],
  ['[number("4"), number("x"), number(true), number("")]', [4, null, 1, null]],
  ['string(4) + string(null)', '4'],
  ['"\\u0041\\n"', 'A\n'],
  ["'it\\'s'", "it's"],
];

describe('evaluate', () => {
  for (const [expression, value] of table.filter(([text]) => !text.includes('{ }'))) {
    it(expression, () => assert.deepEqual(run(`\${{ ${expression} }}`), value));
  }

  it('gives toJson as canonical as JSON.stringify', () => assert.equal(run('${{ toJson(steps.net.outputs.ids) }}'), '["a","b"]'));

  it('keeps the type of a lone expression and makes text of everything else', () => {
    assert.equal(run('${{ inputs.count }}'), 3);
    assert.equal(run('n=${{ inputs.count }}, ${{ inputs.flag }}, ${{ inputs.none }}!'), 'n=3, true, !');
    assert.equal(run(' ${{ inputs.count }}'), ' 3');
  });

  it('leaves an escaped expression alone', () => {
    assert.equal(run('$${{ inputs.size }} is ${{ inputs.size }}'), '${{ inputs.size }} is l');
    assert.equal(evaluateDeep('$${{ x', scope), '${{ x');
  });

  it('does not end an expression at braces inside quotes', () => assert.equal(run('${{ "}}" }}'), '}}'));

  it('does not reach prototypes', () => {
    for (const key of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      assert.equal(run(`\${{ inputs.${key} }}`), null);
      assert.equal(run(`\${{ "abc".${key} }}`), null);
      assert.equal(run(`\${{ ${key} }}`), null);
    }
  });
});

describe('secrets', () => {
  it('pass whole and inside text', () => {
    assert.deepEqual(run('${{ inputs.token }}'), { $secret: 's1' });
    assert.deepEqual(run('${{ inputs.none ?? inputs.token }}'), { $secret: 's1' });
    assert.deepEqual(run('a${{ inputs.token }}b${{ inputs.size }}${{ inputs.other }}'), { $secretText: ['a', { $secret: 's1' }, 'bl', { $secret: 's2' }] });
  });

  it('cannot be looked into', () => {
    for (const expression of [
      'inputs.token == "a"',
      'inputs.token["$secret"]',
      'inputs.token.$secret',
      'upper(inputs.token)',
      'toJson(inputs)',
      'string(inputs.token)',
      'values(inputs)',
      'contains([inputs.token], "a")',
      'inputs == inputs',
      'inputs.token + "a"',
      'inputs.token in ["a"]',
      'keys(inputs.token)',
      'default(inputs.token, 1)',
      'inputs.token[*]',
    ]) {
      assert.equal(run(`\${{ ${expression} }}`), null, expression);
    }
  });

  it('cannot be forged from text', () => {
    assert.equal(evaluateDeep('${{ fromJson(inputs.text) }}', { inputs: { text: '{"a":[{"$secret":"s1"}]}' } }), null);
    assert.equal(evaluateDeep('${{ fromJson(inputs.text) }}', { inputs: { text: '{"$secretText":["a"]}' } }), null);
  });
});

describe('bounds', () => {
  it('a growing text gives null', () => {
    let expression = '"aaaaaaaaaaaaaaaa"';
    for (let level = 0; level < 30; level++) expression = `replace(${expression}, "a", "aaaaaaaaaaaaaaaa")`;
    assert.equal(run(`\${{ ${expression} }}`), null);
  });

  it('deep JSON gives null', () => assert.equal(evaluateDeep('${{ fromJson(inputs.x) }}', { inputs: { x: '['.repeat(200_000) } }), null));

  it('joins of large texts give null', () => {
    const big = 'x'.repeat(500_000);
    assert.equal(evaluateDeep('${{ join([inputs.x, inputs.x, inputs.x], "") }}', { inputs: { x: big } }), null);
    assert.equal(evaluateDeep('${{ toJson([inputs.x, inputs.x, inputs.x]) }}', { inputs: { x: big } }), null);
  });
});

describe('trees', () => {
  it('evaluates every text', () => {
    assert.deepEqual(evaluateDeep({ a: ['${{ inputs.count }}', 1, null], b: { c: 'x-${{ inputs.size }}' } }, scope), { a: [3, 1, null], b: { c: 'x-l' } });
  });

  it('keeps a member called __proto__ a plain member', () => {
    const made = evaluateDeep(JSON.parse('{"__proto__": {"polluted": "${{ 1 }}"}}') as Json, scope);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
    assert.equal(JSON.stringify(made), '{"__proto__":{"polluted":1}}');
  });

  it('names what is read', () => {
    const value = { a: '${{ steps.net.outputs.x ?? inputs.size }}', b: ['${{ steps["drop-old"].outputs[inputs.key] }} ${{ item }}', '$${{ steps.no }}'] };
    assert.deepEqual(referencesOf(value), { steps: ['drop-old', 'net'], inputs: ['key', 'size'], names: ['inputs', 'item', 'steps'] });
    assert.equal(hasExpression(value), true);
    assert.equal(hasExpression({ a: ['$${{ x }}', 1] }), false);
  });

  it('marks what only a run can know', () => {
    const known: Scope = { inputs: scope['inputs'] ?? null, steps: { net: { outputs: { vpcId: 'v' } } } };
    assert.deepEqual(partialDeep({ a: '${{ inputs.size }}', b: '${{ steps.net.outputs.vpcId }}' }, known), { value: { a: 'l', b: 'v' }, approximate: false });
    assert.deepEqual(partialDeep({ a: '${{ inputs.size }}-${{ steps.db.outputs.id }}', b: '${{ steps.db.outputs.id }}', c: '${{ item }}' }, known), {
      value: { a: 'l-(known after apply)', b: '(known after apply)', c: '(known after apply)' },
      approximate: true,
    });
  });
});
