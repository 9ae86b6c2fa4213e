import { isArray, isObject, type Json } from '../../core/index.ts';

const SEGMENT = /\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;

/**
 * The parts of a JSON path such as `$.items[0]["odd name"].id`; undefined when it is not one. Only children and
 * indexes: no wildcards, no filters, so that a path names one value.
 */
export function parseJsonPath(path: string): readonly (string | number)[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const parts: (string | number)[] = [];
  SEGMENT.lastIndex = 1;
  while (SEGMENT.lastIndex < path.length) {
    const match = SEGMENT.exec(path);
    if (!match) return undefined;
    const [, name, index, quoted] = match;
    if (index !== undefined) parts.push(Number(index));
    else parts.push(name ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1'));
  }
  return parts;
}

/** The value a path names, or undefined when there is none. */
export function valueAt(document: Json, path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = document;
  for (const part of path) {
    if (typeof part === 'number') value = value !== undefined && isArray(value) ? value[part] : undefined;
    else value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}
