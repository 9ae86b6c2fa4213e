/** A JSON value; everything that is persisted, digested or sent is one of these. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** `sha256:` followed by 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/**
 * Serialise so that equal values give equal bytes: keys sorted by UTF-16 code unit, no white space, `undefined`
 * members left out (JSON Canonicalization Scheme, RFC 8785).
 *
 * @throws {TypeError} for a number JSON cannot hold (NaN, infinities).
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** Tell an object from the other JSON values. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `Array.isArray` that keeps the element type of a readonly JSON array. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
