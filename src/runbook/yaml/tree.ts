import { type Alias, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Path } from '../path.ts';
import type { Position } from '../loaded.ts';

/** One YAML document with its places. */
export interface Tree {
  readonly text: string;
  readonly root: Node | null;
  /** Offset at which the document starts; for a problem of the whole document. */
  readonly start: number;
  readonly lines: LineCounter;
  readonly targets: ReadonlyMap<Alias, Node>;
}

/** The node of a pair's key or value when it is one. */
export function asNode(value: unknown): Node | undefined {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : undefined;
}

/** The text of a key; undefined for keys JSON cannot have. */
export function keyText(key: unknown): string | undefined {
  const value = isScalar(key) ? key.value : key;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Is the key the merge key `<<`? */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && (typeof key.value === 'symbol' || (key.value === '<<' && key.type === 'PLAIN'));
}

/** Line and column of an offset, both from 1. */
export function positionOf(tree: Tree, offset: number): Position {
  const { line, col } = tree.lines.linePos(Math.min(offset, tree.text.length));
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

interface Found {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

function deref(tree: Tree, node: Node | undefined): Node | undefined {
  let at = node;
  for (let hops = 0; at && isAlias(at) && hops < 100; hops++) at = tree.targets.get(at);
  return at;
}

function findPair(tree: Tree, map: YAMLMap, key: string): Pair | undefined {
  const own = map.items.find((pair) => !isMergeKey(pair.key) && keyText(pair.key) === key);
  if (own) return own;
  for (const pair of map.items.filter((item) => isMergeKey(item.key))) {
    const source = deref(tree, asNode(pair.value));
    for (const part of source && isSeq(source) ? source.items : [source]) {
      const merged = deref(tree, asNode(part));
      const found = merged && isMap(merged) ? findPair(tree, merged, key) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

function step(tree: Tree, from: Node | undefined, segment: string | number): Found | undefined {
  const node = deref(tree, from);
  if (node && isMap(node)) {
    const pair = findPair(tree, node, String(segment));
    return pair && { key: asNode(pair.key), value: asNode(pair.value) };
  }
  const item = node && isSeq(node) && typeof segment === 'number' ? asNode(node.items[segment]) : undefined;
  return item && { key: undefined, value: item };
}

/** The node at a path, or the nearest one above it. `exact` tells which. */
export function nodeAt(tree: Tree, path: Path): Found & { readonly exact: boolean } {
  let found: Found = { key: undefined, value: tree.root ?? undefined };
  for (const segment of path) {
    const next = step(tree, found.value, segment);
    if (!next) return { ...found, exact: false };
    found = next;
  }
  return { ...found, exact: true };
}

/** Where the key (or, in a list, the value) at a path is written, or the nearest place above it. */
export function keyPosition(tree: Tree, path: Path): Position {
  const { key, value } = nodeAt(tree, path);
  return positionOf(tree, (key ?? value)?.range?.[0] ?? tree.start);
}

/** Where the value at a path is written; its key when the value is empty; the nearest place above when it is not there. */
export function valuePosition(tree: Tree, path: Path): Position {
  const { key, value, exact } = nodeAt(tree, path);
  const isEmpty = value && isScalar(value) && value.value === null && (value.range?.[0] ?? 0) === (value.range?.[1] ?? 0);
  const node = !exact || isEmpty ? (key ?? value) : (value ?? key);
  return positionOf(tree, node?.range?.[0] ?? tree.start);
}

/** Where the UTF-16 unit `offset` of a text value is written, as near as quoting and folding let one tell. */
export function offsetPosition(tree: Tree, path: Path, { text, offset }: { readonly text: string; readonly offset: number }): Position {
  const node = deref(tree, nodeAt(tree, path).value);
  const range = node && isScalar(node) ? node.range : undefined;
  if (!range) return valuePosition(tree, path);
  const before = text.slice(0, offset + 1);
  const ordinal = before.split('${{').length - 1;
  const raw = tree.text.slice(range[0], range[1]);
  const open = ordinal === 0 ? 0 : nthIndex(raw, '${{', ordinal);
  const since = ordinal === 0 ? before.slice(0, -1) : text.slice(before.lastIndexOf('${{'), offset);
  if (open < 0) return valuePosition(tree, path);
  return positionOf(tree, range[0] + open + (raw.startsWith(since, open) ? since.length : 0));
}

function nthIndex(text: string, part: string, count: number): number {
  let at = -part.length;
  for (let seen = 0; seen < count; seen++) {
    at = text.indexOf(part, at + part.length);
    if (at < 0) return -1;
  }
  return at;
}
