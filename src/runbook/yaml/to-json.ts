import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { isArray, isObject, type Json, RESERVED_KEYS } from '../../core/index.ts';
import { asNode, isMergeKey, keyText } from './tree.ts';

const MOST_NODES = 100_000;
const MOST_ALIASES = 1_000;
const MOST_DEPTH = 100;

/** A mistake found while turning nodes into JSON. `fatal`: what was read is not usable. */
export interface NodeProblem {
  readonly node: Node | undefined;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}
interface Walk {
  readonly problems: NodeProblem[];
  readonly anchors: Map<string, Node>;
  readonly targets: Map<Alias, Node>;
  readonly active: Set<Node>;
  nodes: number;
  aliases: number;
  isExhausted: boolean;
}

/** A document as JSON, with anchors, aliases and merge keys resolved within a budget of 100,000 nodes and 1,000 aliases. */
export function toJson(root: Node | null): { readonly value: Json; readonly problems: readonly NodeProblem[]; readonly targets: ReadonlyMap<Alias, Node> } {
  const walk: Walk = { problems: [], anchors: new Map(), targets: new Map(), active: new Set(), nodes: 0, aliases: 0, isExhausted: false };
  return { value: root ? convert(root, walk) : null, problems: walk.problems, targets: walk.targets };
}

function convert(node: Node, walk: Walk): Json {
  if (walk.isExhausted) return null;
  if (++walk.nodes > MOST_NODES) return exhausted(node, walk, `aliases make the document grow beyond ${MOST_NODES} values`);
  if (walk.active.size > MOST_DEPTH) return exhausted(node, walk, `the document is nested more than ${MOST_DEPTH} levels deep`);
  if (isAlias(node)) return convertAlias(node, walk);
  if ('anchor' in node && node.anchor !== undefined && !walk.active.has(node)) walk.anchors.set(node.anchor, node);
  walk.active.add(node);
  const value = isMap(node) ? convertMap(node, walk) : isSeq(node) ? convertSeq(node, walk) : isScalar(node) ? convertScalar(node, walk) : null;
  walk.active.delete(node);
  return value;
}

function exhausted(node: Node, walk: Walk, message: string): null {
  walk.isExhausted = true;
  walk.problems.push({ node, code: 'YAML_TOO_LARGE', message, hint: 'write the values out, or split the file' });
  return null;
}

function convertAlias(alias: Alias, walk: Walk): Json {
  if (++walk.aliases > MOST_ALIASES) return exhausted(alias, walk, `the document uses more than ${MOST_ALIASES} aliases`);
  const target = walk.targets.get(alias) ?? walk.anchors.get(alias.source);
  if (!target) {
    walk.problems.push({
      node: alias,
      code: 'YAML_ALIAS',
      message: `alias *${alias.source} names no anchor above it`,
      hint: `write &${alias.source} before the value it should repeat, further up in the file`,
    });
    return null;
  }
  if (walk.active.has(target)) {
    walk.problems.push({ node: alias, code: 'YAML_ALIAS_LOOP', message: `alias *${alias.source} contains itself`, hint: 'write the inner value out' });
    return null;
  }
  walk.targets.set(alias, target);
  return convert(target, walk);
}

function convertSeq(seq: YAMLSeq, walk: Walk): Json {
  return seq.items.map((item) => {
    const node = asNode(item);
    return node ? convert(node, walk) : null;
  });
}

function convertMap(map: YAMLMap, walk: Walk): Json {
  const merged = new Map<string, Json>();
  const own = new Map<string, Json>();
  for (const pair of map.items) {
    if (isMergeKey(pair.key)) mergeInto(merged, pair, walk);
    else {
      const key = keyOf(pair, walk);
      const value = asNode(pair.value);
      if (key !== undefined) own.set(key, value ? convert(value, walk) : null);
    }
  }
  // The first merge source wins over later ones, and own keys win over all; order of keys: merged first.
  for (const [key, value] of own) merged.set(key, value);
  return Object.fromEntries(merged);
}

function keyOf(pair: Pair, walk: Walk): string | undefined {
  const key = keyText(pair.key);
  const node = asNode(pair.key) ?? asNode(pair.value);
  if (key === undefined) walk.problems.push({ node, code: 'YAML_KEY', message: 'a key must be text', hint: 'put the key in quotes' });
  else if (RESERVED_KEYS.includes(key)) {
    walk.problems.push({
      node,
      code: 'RESERVED_KEY',
      message: `key "${key}" is reserved for sealed secrets`,
      hint: 'declare an input with "secret: true" and pass it with ${{ inputs.<name> }}',
    });
  }
  if (key === '__proto__') walk.problems.push({ node, code: 'RESERVED_KEY', message: 'key "__proto__" is not allowed', hint: 'choose another name' });
  return key;
}

function mergeInto(merged: Map<string, Json>, pair: Pair, walk: Walk): void {
  const source = asNode(pair.value);
  const value = source ? convert(source, walk) : null;
  const parts = isArray(value) ? value : [value];
  if (!parts.every(isObject)) {
    const hint = 'give it an alias of a map, or a list of such aliases';
    walk.problems.push({ node: source ?? asNode(pair.key), code: 'YAML_MERGE', message: '"<<" can merge only maps', hint });
    return;
  }
  for (const part of parts) for (const [key, member] of Object.entries(part)) if (!merged.has(key)) merged.set(key, member);
}

function convertScalar(scalar: Scalar, walk: Walk): Json {
  const { value } = scalar;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return value;
  const written = scalar.source ?? JSON.stringify(value);
  const hint = typeof value === 'number' ? 'put it in quotes if it is an identifier' : 'use text, numbers, true, false, lists and maps only';
  walk.problems.push({ node: scalar, code: 'YAML_VALUE', message: `value ${written} cannot be kept exactly`, hint });
  return null;
}
