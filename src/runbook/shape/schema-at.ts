import { isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { Path } from '../path.ts';

const MOST_DEPTH = 20;

/** The schema and everything it may stand for: references followed, `anyOf` and `oneOf` opened; itself first. */
export function alternatives(schema: Json | undefined, root: JsonObject, depth = 0): readonly JsonObject[] {
  if (schema === undefined || !isObject(schema) || depth > MOST_DEPTH) return [];
  const followed = typeof schema['$ref'] === 'string' ? alternatives(refTarget(schema['$ref'], root), root, depth + 1) : [];
  return [schema, ...followed, ...branchesOf(schema).flatMap((branch) => alternatives(branch, root, depth + 1))];
}

function branchesOf(schema: JsonObject): readonly Json[] {
  const lists = [schema['anyOf'], schema['oneOf'], schema['allOf']].flatMap((list) => (list !== undefined && isArray(list) ? list : []));
  // `{}` beside text in a place for secrets is the secret itself, not permission for everything.
  return schema['slipwaySecret'] === true ? lists.filter((branch) => isObject(branch) && Object.keys(branch).length > 0) : lists;
}

function refTarget(ref: string, root: JsonObject): Json {
  if (!ref.startsWith('#')) return null;
  let at: Json = root;
  for (const part of ref.split('/').slice(1)) at = isObject(at) ? (at[part] ?? null) : null;
  return at;
}

/** Every schema that may describe the value at a path; branches whose constants differ from `value` are left out. */
export function schemasAt(root: JsonObject, path: Path, value: Json): readonly JsonObject[] {
  let at = alternatives(root, root);
  let current: Json = value;
  for (const segment of path) {
    const fitting = at.filter((schema) => fits(schema, current));
    at = fitting.flatMap((schema) => alternatives(childOf(schema, segment), root));
    current = memberAt(current, segment);
  }
  return at.filter((schema) => fits(schema, current));
}

function fits(schema: JsonObject, value: Json): boolean {
  const { properties } = schema;
  if (!isObject(properties) || !isObject(value)) return true;
  return Object.entries(properties).every(([key, property]) => {
    const written = value[key];
    return !isObject(property) || property['const'] === undefined || written === undefined || written === property['const'];
  });
}

function childOf(schema: JsonObject, segment: string | number): Json | undefined {
  if (typeof segment === 'number') {
    const prefix = schema['prefixItems'];
    return prefix !== undefined && isArray(prefix) ? (prefix[segment] ?? schema['items']) : schema['items'];
  }
  const { properties, additionalProperties } = schema;
  if (isObject(properties) && Object.hasOwn(properties, segment)) return properties[segment];
  return isObject(additionalProperties) ? additionalProperties : undefined;
}

/** The JSON value at a path; null when there is none. */
export function valueAt(value: Json, path: Path): Json {
  return path.reduce<Json>(memberAt, value);
}

function memberAt(value: Json, segment: string | number): Json {
  if (isArray(value)) return typeof segment === 'number' ? (value[segment] ?? null) : null;
  return isObject(value) && Object.hasOwn(value, String(segment)) ? (value[String(segment)] ?? null) : null;
}

/** Is anything written at the path? */
export function isWritten(value: Json, path: Path): boolean {
  const parent = valueAt(value, path.slice(0, -1));
  const last = path.at(-1);
  if (last === undefined) return true;
  return isArray(parent) ? typeof last === 'number' && last < parent.length : isObject(parent) && Object.hasOwn(parent, String(last));
}

/** The keys a map at this place may have. */
export function keysAt(root: JsonObject, path: Path, value: Json): readonly string[] {
  const keys = schemasAt(root, path, value).flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : []));
  return [...new Set(keys)];
}
