import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../src/core/index.ts';
import { evaluateDeep, evaluateTemplate, functionNames, parseTemplate, partialDeep, referencesOf, typeOf } from '../../src/expr/index.ts';
import { SIGNATURES } from '../../src/expr/signatures.ts';

/** Text, offset of the mistake, part of the message. */
const mistakes: readonly (readonly [string, number, RegExp])[] = [
  ['${{ }}', 3, /empty/],
  ['${{ a', 5, /does not end/],
  ['${{ a b }}', 6, /"}}" expected before "b"/],
  ['x ${{ a = 1 }}', 8, /unexpected character "="/],
  ['${{ "abc }}', 4, /does not end/],
  ['${{ a. }}', 7, /name is missing/],
  ['${{ f(1, }}', 9, /value is missing/],
  ['${{ a | b }}', 6, /unexpected character "\|"/],
  ['${{ 1 + }}', 8, /value is missing/],
  ['${{ "\\q" }}', 5, /unknown escape/],
  ['${{ a ? b }}', 10, /":" expected/],
  ['ok ${{ 1 }} ${{ 2 2 }}', 18, /expected before 2/],
];

describe('parse', () => {
  for (const [text, offset, message] of mistakes) {
    it(text, () => {
      const parsed = parseTemplate(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.problems[0]?.message ?? '', message);
      assert.equal(parsed.problems[0]?.offset, offset);
    });
  }

  it('refuses what is too long, too deep, or too many', () => {
    assert.ok(!parseTemplate(`\${{ ${'('.repeat(100)}1${')'.repeat(100)} }}`).ok);
    assert.ok(!parseTemplate(`\${{ ${'!'.repeat(100)}true }}`).ok);
    assert.ok(!parseTemplate(`\${{ ${'1+'.repeat(400)}1 }}`).ok);
    assert.ok(!parseTemplate(`\${{ "${'a'.repeat(5_000)}" }}`).ok);
    assert.ok(!parseTemplate('${{ 1 }}'.repeat(201)).ok);
    assert.ok(parseTemplate(`\${{ ${'1+'.repeat(200)}1 }}`).ok);
    assert.ok(parseTemplate('a'.repeat(300_000)).ok);
  });

  it('has one signature for every function', () => assert.deepEqual([...SIGNATURES.keys()].sort(), functionNames));
});

const atom = fc.oneof(
  fc.constantFrom(
    '1',
    '0',
    '2.5',
    '-3',
    '1e300',
    '"a"',
    "'b,c'",
    'true',
    'null',
    'inputs',
    'inputs.a',
    'steps.x.outputs',
    'item',
    'inputs.s',
    '[]',
    '[1, "a"]',
    'nope',
  ),
  fc.nat().map(String),
);
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5 },
    atom,
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', '??', 'in'), tie('expression'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc.tuple(fc.constantFrom(...functionNames), fc.array(tie('expression'), { maxLength: 3 })).map(([name, args]) => `${name}(${args.join(', ')})`),
    fc.tuple(tie('expression'), fc.constantFrom('.a', '["a"]', '[0]', '[*].a', '[inputs.i]')).map(([a, suffix]) => `(${a})${suffix}`),
    tie('expression').map((a) => `!(${a})`),
  ),
}));
const scopeOf = fc.record({
  inputs: fc.dictionary(fc.constantFrom('a', 'i', 's', 't'), fc.oneof(fc.jsonValue(), fc.constant({ $secret: 'v' }))),
  item: fc.jsonValue(),
});

describe('properties', () => {
  it('whatever was parsed evaluates to JSON, also when it has type mistakes', () => {
    fc.assert(
      fc.property(expression, scopeOf, (text, scope) => {
        const parsed = parseTemplate(`\${{ ${text} }}`);
        if (!parsed.ok) return;
        const json = scope as { [name: string]: Json }; // fast-check's JSON values are ours
        const value = evaluateTemplate(parsed.template, json);
        assert.doesNotThrow(() => JSON.stringify(value));
        assert.doesNotThrow(() => typeOf(parsed.template, { inputs: { type: 'any' } }));
        assert.deepEqual(evaluateTemplate(parsed.template, json), value);
      }),
      { numRuns: 2_000 },
    );
  });

  it('arbitrary text is parsed or refused, never thrown at', () => {
    const noise = fc.array(
      fc.constantFrom('${{', '}}', '$${{', '"', "'", '\\', '(', ')', '[', ']', '*', '.', ' ', 'a', '1', '+', '?', ':', '\n', 'é', '\u0000'),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(noise, (pieces) => {
        const text = pieces.join('');
        parseTemplate(text);
        evaluateDeep(text, {});
        partialDeep(text, {});
        referencesOf(text);
      }),
      { numRuns: 3_000 },
    );
  });

  it('parsing long hostile text takes no time', () => {
    const started = performance.now();
    for (const text of ['${{'.repeat(80_000), '${{ ' + '('.repeat(200_000), `\${{ ${'a.'.repeat(100_000)}`, '$${{'.repeat(60_000)]) parseTemplate(text);
    assert.ok(performance.now() - started < 1_000);
  });

  it('text without an expression is itself', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('${{')),
        (text) => assert.equal(evaluateDeep(text, {}), text),
      ),
    );
  });
});
