import { isArray, isObject, type Json, type JsonObject } from '../../../core/index.ts';

const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const SECRET = '[secret]';

/** A value at a path of keys and positions; undefined when it is not there, not known yet, or secret. */
export function at(inputs: JsonObject, ...path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = inputs;
  for (const part of path) value = stepInto(value, part);
  return value === UNKNOWN || value === SECRET || value === null ? undefined : value;
}

/** True when the value is somewhere below, but cannot be told. */
export function isHidden(value: Json | undefined): boolean {
  return value !== undefined && [UNKNOWN, SECRET].some((mark) => JSON.stringify(value).includes(mark));
}

/** The text at a path. */
export function text(inputs: JsonObject, ...path: readonly (string | number)[]): string | undefined {
  const value = at(inputs, ...path);
  return typeof value === 'string' ? value : undefined;
}

/** The number at a path; text of digits counts. */
export function number(inputs: JsonObject, ...path: readonly (string | number)[]): number | undefined {
  const value = at(inputs, ...path);
  return typeof value === 'number' ? value : typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
}

/** The truth value of an input, `fallback` when the program leaves it out, undefined when it is not known. */
export function flag(inputs: JsonObject, key: string, fallback: boolean): boolean | undefined {
  return switchOf(inputs[key], fallback);
}

/** The same for a value; the text `true` and `false` count. */
export function switchOf(value: Json | undefined, fallback: boolean): boolean | undefined {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

/** Is an input given? A value that only later steps know is given as well. */
export function isGiven(inputs: JsonObject, key: string): boolean {
  return inputs[key] !== undefined && inputs[key] !== null;
}

/** The objects of a list. */
export function list(value: Json | undefined): readonly JsonObject[] {
  return value !== undefined && isArray(value) ? value.filter(isObject) : [];
}

/** The texts of a list that are known. */
export function texts(value: Json | undefined): readonly string[] {
  return value !== undefined && isArray(value) ? value.filter((item): item is string => typeof item === 'string' && item !== UNKNOWN && item !== SECRET) : [];
}

/** Stands for an address that only later steps know, or that is secret: it may be everybody's. */
export const UNKNOWN_CIDR = '(unknown)';

/** Addresses of a list or of one value; each that cannot be told is the unknown one. */
export function cidrs(value: Json | undefined): readonly string[] {
  if (value === undefined || value === null) return [];
  if (isArray(value)) return value.flatMap(cidrs);
  return typeof value !== 'string' || isHidden(value) ? [UNKNOWN_CIDR] : [value];
}

function stepInto(value: Json | undefined, part: string | number): Json | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof part === 'number') return isArray(value) ? value[part] : undefined;
  return isObject(value) ? value[part] : undefined;
}
