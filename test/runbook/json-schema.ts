import { canonicalJson, isArray, isObject, type Json, type JsonObject } from '../../src/core/index.ts';

/**
 * A second, independent reading of JSON Schema: the words our schemas use, and an error for any other, so that the test cannot
 * pass by not looking.
 */
export function isValid(root: JsonObject, value: Json): readonly string[] {
  return check(root, value, { root, path: '$' });
}

interface At {
  readonly root: JsonObject;
  readonly path: string;
}
const SILENT = new Set([
  '$schema',
  '$id',
  'title',
  'description',
  'examples',
  'default',
  '$defs',
  'slipwaySecret',
  'slipwayShell',
  'slipwayFixed',
  'enumDescriptions',
  'format',
  'then',
  'else',
  'id',
]);

function check(schema: Json | undefined, value: Json, at: At): readonly string[] {
  if (schema === undefined || schema === true) return [];
  if (schema === false) return [`${at.path}: nothing is allowed here`];
  if (!isObject(schema)) throw new TypeError(`no schema at ${at.path}`);
  return Object.entries(schema).flatMap(([word, argument]) => {
    if (SILENT.has(word)) return [];
    const rule = RULES[word];
    if (!rule) throw new TypeError(`unknown word ${word}`);
    return rule(argument, value, { ...at, schema });
  });
}

type Rule = (argument: Json, value: Json, at: At & { readonly schema: JsonObject }) => readonly string[];
const fail = (at: At, isBad: boolean, words: string): readonly string[] => (isBad ? [`${at.path}: ${words}`] : []);
const list = (value: Json): readonly Json[] => (isArray(value) ? value : [value]);

const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (isArray(value)) return 'array';
  return typeof value;
}

const RULES: Readonly<Record<string, Rule>> = {
  $ref: (ref, value, at) => {
    let target: Json | undefined = at.root;
    for (const part of text(ref).split('/').slice(1)) target = isObject(target) ? target[part] : undefined;
    if (target === undefined) throw new TypeError(`no ${text(ref)}`);
    return check(target, value, at);
  },
  type: (type, value, at) => {
    const own = typeOf(value);
    const isFine = list(type).some((name) => name === own || (name === 'integer' && Number.isInteger(value)));
    return fail(at, !isFine, `${own} is not ${JSON.stringify(type)}`);
  },
  const: (constant, value, at) => fail(at, canonicalJson(constant) !== canonicalJson(value), `not ${JSON.stringify(constant)}`),
  enum: (options, value, at) =>
    fail(at, !list(options).some((option) => canonicalJson(option) === canonicalJson(value)), `${JSON.stringify(value)} is not one of the options`),
  pattern: (pattern, value, at) => fail(at, typeof value === 'string' && !new RegExp(text(pattern), 'su').test(value), `does not match ${text(pattern)}`),
  minLength: (least, value, at) => fail(at, typeof value === 'string' && value.length < Number(least), 'too short'),
  maxLength: (most, value, at) => fail(at, typeof value === 'string' && value.length > Number(most), 'too long'),
  minimum: (least, value, at) => fail(at, typeof value === 'number' && value < Number(least), 'too small'),
  maximum: (most, value, at) => fail(at, typeof value === 'number' && value > Number(most), 'too large'),
  exclusiveMinimum: (least, value, at) => fail(at, typeof value === 'number' && value <= Number(least), 'too small'),
  exclusiveMaximum: (most, value, at) => fail(at, typeof value === 'number' && value >= Number(most), 'too large'),
  minItems: (least, value, at) => fail(at, isArray(value) && value.length < Number(least), 'too few'),
  maxItems: (most, value, at) => fail(at, isArray(value) && value.length > Number(most), 'too many'),
  items: (schema, value, at) => (isArray(value) ? value.flatMap((item, index) => check(schema, item, { root: at.root, path: `${at.path}[${index}]` })) : []),
  required: (names, value, at) =>
    isObject(value) ? list(names).flatMap((name) => fail(at, !Object.hasOwn(value, text(name)), `${text(name)} is missing`)) : [],
  properties: (properties, value, at) =>
    isObject(value) && isObject(properties)
      ? Object.entries(properties).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? check(schema, value[name] ?? null, { root: at.root, path: `${at.path}.${name}` }) : [],
        )
      : [],
  propertyNames: (schema, value, at) =>
    isObject(value) ? Object.keys(value).flatMap((name) => check(schema, name, { root: at.root, path: `${at.path}{${name}}` })) : [],
  additionalProperties: (schema, value, at) => {
    const known = isObject(at.schema['properties']) ? at.schema['properties'] : {};
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([name, child]) =>
      Object.hasOwn(known, name) ? [] : check(schema, child, { root: at.root, path: `${at.path}.${name}` }),
    );
  },
  anyOf: (branches, value, at) => fail(at, !list(branches).some((branch) => check(branch, value, at).length === 0), 'fits no alternative'),
  oneOf: (branches, value, at) =>
    fail(at, list(branches).filter((branch) => check(branch, value, at).length === 0).length !== 1, 'does not fit exactly one alternative'),
  allOf: (branches, value, at) => list(branches).flatMap((branch) => check(branch, value, at)),
  if: (condition, value, at) => check(check(condition, value, at).length === 0 ? at.schema['then'] : at.schema['else'], value, at),
};
