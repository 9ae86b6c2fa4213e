import { canonicalJson, isArray, isObject, type Json } from '../core/pure.ts';
import { isSealed } from './sealed.ts';

const MOST_DEPTH = 100;

/** A number JSON can hold, or null. */
export function finite(value: number): Json {
  return Number.isFinite(value) ? value : null;
}

/** Deep equality; values nested deeper than 100 levels are never equal. */
export function equal(a: Json, b: Json, depth = 0): boolean {
  if (a === b) return true;
  if (depth > MOST_DEPTH) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item as Json, (b[index] ?? null) as Json, depth + 1));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key] ?? null, b[key] ?? null, depth + 1));
}

/** Negative, zero or positive for two numbers or two strings; undefined for anything else. */
export function compare(a: Json, b: Json): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return undefined;
}

/** The member of an object or the element of a list, or null. A negative index counts from the end. */
export function memberOf(value: Json, key: Json): Json {
  if (isSealed(value)) return null;
  if (isArray(value)) return typeof key === 'number' ? (value.at(key) ?? null) : null;
  if (!isObject(value) || (typeof key !== 'string' && typeof key !== 'number')) return null;
  return Object.hasOwn(value, key) ? (value[key] ?? null) : null;
}

/** How a value looks inside text: nothing for null, JSON for lists and objects. */
export function textOf(value: Json): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? jsonText(value) : String(value);
}

/** Canonical JSON, or nothing for what has none. */
function jsonText(value: Json): string {
  try {
    return canonicalJson(value);
  } catch {
    return ''; // a number JSON cannot hold, or nesting beyond the stack: total functions give something
  }
}
