import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import type { Json } from '../../src/core/index.ts';
import { type ExprType, parseTemplate, typeOf, typeOfJsonSchema, typeOfValue } from '../../src/expr/index.ts';

const scope: { [name: string]: ExprType } = {
  inputs: {
    type: 'object',
    open: false,
    members: {
      size: { type: 'string' },
      count: { type: 'number' },
      token: { type: 'string', secret: true },
      list: { type: 'array', items: { type: 'string' } },
      on: { type: 'boolean' },
    },
  },
  steps: {
    type: 'object',
    open: false,
    members: { net: { type: 'object', open: false, members: { outputs: { type: 'object', open: true, members: { id: { type: 'string' } } } } } },
  },
  item: { type: 'any' },
};

function check(text: string) {
  const parsed = parseTemplate(text);
  assert.ok(parsed.ok);
  return typeOf(parsed.template, scope);
}

/** Expression, type. */
const good: readonly (readonly [string, ExprType])[] = [
  ['inputs.size', { type: 'string' }],
  ['inputs.count * 2 > 3 && inputs.on', { type: 'boolean' }],
  ['inputs.size == "l" ? 1 : null', { type: 'number' }],
  ['steps.net.outputs.id', { type: 'string' }],
  ['steps.net.outputs.anything.deeper', { type: 'any' }],
  ['inputs.list[0]', { type: 'string' }],
  ['item[*].name', { type: 'array', items: { type: 'any' } }],
  ['inputs.token', { type: 'string', secret: true }],
  ['item ?? inputs.token', { type: 'any', secret: true }],
  ['length(inputs) + inputs.count', { type: 'number' }],
  ['split(inputs.size, ",")', { type: 'array', items: { type: 'string' } }],
  ['first(inputs.list)', { type: 'string' }],
  ['min(1, 2)', { type: 'number' }],
];
/** Expression, message, hint. */
const bad: readonly (readonly [string, RegExp, RegExp])[] = [
  ['inptus.size', /unknown name "inptus"/, /did you mean "inputs"\?/],
  ['inputs.sise', /unknown member "sise" of inputs/, /did you mean "size"\?/],
  ['inputs.count-1', /unknown member "count-1"/, /space on both sides/],
  ['steps.nett.outputs.id', /unknown member "nett" of steps/, /did you mean "net"\?/],
  ['inputs.size + 1', /"\+" with text needs text, not a number/, /string/],
  ['inputs.size * 2', /"\*" needs a number, not text/, /number/],
  ['inputs.size || "m"', /"\|\|" needs true or false, not text/, /\?\?/],
  ['inputs.size == 3', /text is never equal to a number/, /convert/],
  ['inputs.size < 3', /have no order/, /number/],
  ['inputs.size ? 1 : 2', /condition before "\?" needs true or false/, /compare it/],
  ['lenght(inputs.list)', /unknown function "lenght"/, /did you mean "length"\?/],
  ['upper()', /upper takes 1 argument, not 0/, /^$/],
  ['round(1, 2, 3)', /round takes 1 to 2 arguments, not 3/, /^$/],
  ['upper(1)', /argument 1 of upper must be text, not a number/, /^$/],
  ['inputs.list.name', /a list has no member "name"/, /\[\*\]\.name/],
  ['inputs.list["a"]', /a list has no member "a"/, /\[0\]/],
  ['inputs.token == "x"', /cannot look inside a secret/, /whole/],
  ['upper(inputs.token)', /upper cannot look inside a secret/, /whole/],
  ['toJson(inputs)', /toJson cannot look inside a secret/, /whole/],
  ['inputs.token.x', /cannot look inside a secret for "x"/, /whole/],
  ['1 in inputs.list', /a number is never in a list/, /^$/],
  ['3 in 4', /"in" needs a list/, /^$/],
];

describe('static types', () => {
  for (const [text, type] of good) {
    it(text, () => assert.deepEqual(check(`\${{ ${text} }}`), { ...check(`\${{ ${text} }}`), type, problems: [] }));
  }
  for (const [text, message, hint] of bad) {
    it(text, () => {
      const [problem, ...more] = check(`\${{ ${text} }}`).problems;
      assert.match(problem?.message ?? '', message);
      assert.match(problem?.hint ?? '', hint);
      assert.deepEqual(more, []);
    });
  }

  it('text around an expression is text, and a secret taints it', () => {
    assert.deepEqual(check('a-${{ inputs.count }}').type, { type: 'string' });
    assert.deepEqual(check('a-${{ inputs.token }}').type, { type: 'string', secret: true });
    assert.match(check('a-${{ inputs.list }}').problems[0]?.message ?? '', /a list cannot be put inside text/);
  });

  it('reports the offset in the whole text and every name', () => {
    const { problems, references } = check('ab ${{ inputs.size }} ${{ inputs.sise }}');
    assert.equal(problems[0]?.offset, 'ab ${{ inputs.size }} ${{ inputs'.length);
    assert.deepEqual(
      references.map(({ name, path }) => [name, ...path]),
      [
        ['inputs', 'size'],
        ['inputs', 'sise'],
      ],
    );
  });
});

describe('types from JSON Schema', () => {
  it('understands what z.toJSONSchema writes', () => {
    const shape = z.strictObject({
      a: z.string(),
      b: z.array(z.number()),
      c: z.record(z.string(), z.boolean()),
      d: z.string().nullable(),
      e: z.union([z.string(), z.number()]),
    });
    const type = typeOfJsonSchema(z.toJSONSchema(shape) as Json); // JSON Schema is JSON
    assert.deepEqual(type, {
      type: 'object',
      open: false,
      members: {
        a: { type: 'string' },
        b: { type: 'array', items: { type: 'number' } },
        c: { type: 'object', open: true, members: {} },
        d: { type: 'string' },
        e: { type: 'any' },
      },
    });
  });

  it('taints secrets and survives a schema that contains itself', () => {
    assert.deepEqual(typeOfJsonSchema({ type: 'string', secret: true }), { type: 'string', secret: true });
    assert.equal(typeOfJsonSchema({ $ref: '#' }).type, 'any');
    assert.equal(typeOfJsonSchema({}).type, 'any');
  });

  it('describes values', () => {
    assert.deepEqual(typeOfValue({ a: [1, 2], b: null, c: [1, 'x'] }), {
      type: 'object',
      open: false,
      members: { a: { type: 'array', items: { type: 'number' } }, b: { type: 'null' }, c: { type: 'array', items: { type: 'any' } } },
    });
  });
});
