import { canonicalJson, digestOfBytes, isArray, isObject, type Json } from '../../core/index.ts';

/** An answer made comparable: JSON without the ignored fields and with sorted keys, or the bytes. */
export type Comparable = { readonly digest: string; readonly json?: Json };

/** What both sides may answer differently. */
export interface Ignored {
  readonly names: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
}

export function ignored(entries: readonly string[]): Ignored {
  return {
    names: new Set(entries.filter((entry) => !entry.startsWith('$'))),
    paths: new Set(entries.filter((entry) => entry.startsWith('$')).map((path) => path.replaceAll(/\["([^"]*)"\]/g, '.$1'))),
  };
}

/**
 * Make an answer comparable. Anything that is not JSON, or nests too deep to be told apart safely, is compared byte by byte.
 *
 * @param totalBytes of the whole body, of which `body` may be the beginning.
 */
export function comparable(body: Uint8Array, totalBytes: number, ignore: Ignored): Comparable {
  if (totalBytes === body.length) {
    try {
      const json = strip(JSON.parse(Buffer.from(body).toString('utf8')) as Json, '$', ignore); // JSON.parse gives nothing else
      return { digest: digestOfBytes(canonicalJson(json)), json };
    } catch {
      // Not JSON, or nested beyond the stack: the bytes themselves are the answer.
    }
  }
  return { digest: `${digestOfBytes(body)}/${totalBytes}` };
}

function strip(value: Json, path: string, ignore: Ignored): Json {
  if (value === null || typeof value !== 'object') return value;
  if (isArray(value)) return value.map((item, index) => strip(item, `${path}[${index}]`, ignore));
  const kept = Object.entries(value).filter(([name]) => !ignore.names.has(name) && !ignore.paths.has(`${path}.${name}`));
  // A null prototype: a member may be called __proto__.
  const plain: { [name: string]: Json } = Object.create(null) as { [name: string]: Json };
  for (const [name, member] of kept) plain[name] = strip(member, `${path}.${name}`, ignore);
  return plain;
}

/** Where two documents first differ; names only, because values may be personal data. */
export function firstDifference(a: Json, b: Json, path = '$'): string | undefined {
  if (isObject(a) && isObject(b)) {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    return firstOf(names.map((name) => [a[name], b[name], `${path}.${name}`] as const));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    const [left, right]: [readonly Json[], readonly Json[]] = [a, b];
    const length = Math.max(left.length, right.length);
    return firstOf(Array.from({ length }, (_, index) => [left[index], right[index], `${path}[${index}]`] as const));
  }
  return Object.is(a, b) ? undefined : path;
}

function firstOf(members: readonly (readonly [Json | undefined, Json | undefined, string])[]): string | undefined {
  for (const [left, right, path] of members) {
    if (left === undefined || right === undefined) return path;
    const difference = firstDifference(left, right, path);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
