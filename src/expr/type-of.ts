import { isArray, isObject, type Json, type JsonObject } from '../core/pure.ts';
import type { ExprType } from './types.ts';

export const ANY: ExprType = { type: 'any' };
const MOST_DEPTH = 20;

/** The type of a JSON value; its objects are closed. */
export function typeOfValue(value: Json): ExprType {
  if (value === null) return { type: 'null' };
  if (isArray(value)) return { type: 'array', items: value.map(typeOfValue).reduce<ExprType | undefined>(joinTypes, undefined) ?? ANY };
  if (isObject(value)) return { type: 'object', open: false, members: mapValues(value, typeOfValue) };
  if (typeof value === 'boolean') return { type: 'boolean' };
  return { type: typeof value === 'number' ? 'number' : 'string' };
}

function mapValues<T>(object: JsonObject, change: (value: Json) => T): { [name: string]: T } {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

/**
 * The type a JSON Schema describes. `secret: true` and `slipwaySecret: true` taint it; what the language cannot
 * describe is `any`.
 */
export function typeOfJsonSchema(schema: Json, root: Json = schema, depth = 0): ExprType {
  if (!isObject(schema) || depth > MOST_DEPTH) return ANY;
  const shape = shapeOf(schema, root, depth);
  return schema['secret'] === true || schema['slipwaySecret'] === true ? { ...shape, secret: true } : shape;
}

function shapeOf(schema: JsonObject, root: Json, depth: number): ExprType {
  const of = (child: Json): ExprType => typeOfJsonSchema(child, root, depth + 1);
  if (typeof schema['$ref'] === 'string') return of(resolveRef(schema['$ref'], root));
  const branches = schema['anyOf'] ?? schema['oneOf'];
  if (branches !== undefined && isArray(branches)) return branches.map(of).reduce<ExprType | undefined>(joinTypes, undefined) ?? ANY;
  if (schema['const'] !== undefined) return typeOfValue(schema['const']);
  const type = plainType(schema['type']);
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return { type };
    case 'number':
    case 'integer':
      return { type: 'number' };
    case 'array':
      return { type: 'array', items: schema['items'] === undefined ? ANY : of(schema['items']) };
    case 'object':
      return objectType(schema, of);
    default:
      return enumType(schema['enum']);
  }
}

/** The name of the type; of a list of types the only one beside null; empty when there is no single one. */
function plainType(type: Json | undefined): string {
  if (typeof type === 'string') return type;
  if (type === undefined || !isArray(type)) return '';
  const [only = 'null', ...more] = type.filter((name) => name !== 'null');
  return more.length === 0 && typeof only === 'string' ? only : '';
}

function objectType(schema: JsonObject, of: (child: Json) => ExprType): ExprType {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return { type: 'object', open: schema['additionalProperties'] !== false, members: mapValues(properties, of) };
}

function enumType(options: Json | undefined): ExprType {
  if (options === undefined || !isArray(options)) return ANY;
  return options.map(typeOfValue).reduce<ExprType | undefined>(joinTypes, undefined) ?? ANY;
}

function resolveRef(ref: string, root: Json): Json {
  let at: Json = root;
  for (const part of ref.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) && Object.hasOwn(at, key) ? (at[key] ?? null) : null;
  }
  return at;
}

/** A type that holds the values of both; null joins with everything. */
export function joinTypes(a: ExprType | undefined, b: ExprType): ExprType {
  if (a === undefined) return b;
  const shape = joinShapes(a, b);
  return a.secret === true || b.secret === true ? { ...shape, secret: true } : shape;
}

function joinShapes(a: ExprType, b: ExprType): ExprType {
  if (a.type === 'null') return b;
  if (b.type === 'null') return a;
  if (a.type === 'array' && b.type === 'array') return { type: 'array', items: joinTypes(a.items, b.items) };
  if (a.type === 'object' && b.type === 'object') return joinObjects(a, b);
  return a.type === b.type ? a : ANY;
}

type ObjectType = Extract<ExprType, { type: 'object' }>;

function joinObjects(a: ObjectType, b: ObjectType): ExprType {
  const members: { [name: string]: ExprType } = { ...a.members };
  for (const [name, type] of Object.entries(b.members)) members[name] = Object.hasOwn(members, name) ? joinTypes(members[name], type) : type;
  return { type: 'object', open: a.open || b.open, members };
}

/** Is there a secret anywhere in values of this type? */
export function holdsSecret(type: ExprType): boolean {
  if (type.secret === true) return true;
  if (type.type === 'array') return holdsSecret(type.items);
  return type.type === 'object' && Object.values(type.members).some(holdsSecret);
}

/** Words for a type: `text`, `a list of numbers`. */
export function describeType(type: ExprType): string {
  switch (type.type) {
    case 'any':
      return 'anything';
    case 'null':
      return 'null';
    case 'boolean':
      return 'true or false';
    case 'number':
      return 'a number';
    case 'string':
      return 'text';
    case 'array':
      return 'a list';
    case 'object':
      return 'an object';
  }
}
