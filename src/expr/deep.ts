import { isArray, type Json } from '../core/pure.ts';
import type { Node, Template } from './ast.ts';
import { evaluateTemplate } from './evaluate.ts';
import { cachedTemplate, isTemplate } from './template.ts';
import type { Scope } from './types.ts';

/** What stands for a value at plan time that only an earlier step can tell. */
const KNOWN_AFTER_APPLY = '(known after apply)';

function mapStrings(value: Json, change: (text: string) => Json): Json {
  if (typeof value === 'string') return change(value);
  if (value === null || typeof value !== 'object') return value;
  if (isArray(value)) return value.map((item) => mapStrings(item, change));
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mapStrings(child, change)]));
}

function* templatesOf(value: Json): Generator<Template> {
  if (typeof value === 'string') {
    const parsed = isTemplate(value) ? cachedTemplate(value) : undefined;
    if (parsed?.ok) yield parsed.template;
  } else if (value !== null && typeof value === 'object') {
    for (const child of isArray(value) ? value : Object.values(value)) yield* templatesOf(child);
  }
}

/** Evaluate every text of a JSON tree; text that cannot be read as a template becomes null. */
export function evaluateDeep(value: Json, scope: Scope): Json {
  return mapStrings(value, (text) => {
    if (!text.includes('${{')) return text;
    const parsed = cachedTemplate(text);
    return parsed.ok ? evaluateTemplate(parsed.template, scope) : null;
  });
}

/** Is there an expression anywhere in the value? */
export function hasExpression(value: Json): boolean {
  if (typeof value === 'string') return isTemplate(value);
  if (value === null || typeof value !== 'object') return false;
  return (isArray(value) ? value : Object.values(value)).some(hasExpression);
}

/** A chain of names as far as it is written out: `steps.net.outputs[i]` is `steps`, `['net', 'outputs']`. */
export interface NamePath {
  readonly name: string;
  readonly path: readonly string[];
  readonly at: number;
}

/** Every name an expression reads, with the members written behind it. */
export function* namePaths(node: Node): Generator<NamePath> {
  const chain = chainOf(node);
  if (chain) yield chain;
  else for (const child of childrenOf(node)) yield* namePaths(child);
}

function chainOf(node: Node): NamePath | undefined {
  if (node.type === 'name') return { name: node.name, path: [], at: node.at };
  if (node.type !== 'member') return undefined;
  const inner = chainOf(node.object);
  return inner && { ...inner, path: [...inner.path, node.key] };
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.type) {
    case 'member':
      return [node.object];
    case 'index':
      return [node.object, node.index];
    case 'project':
      return [node.object, node.body];
    case 'array':
      return node.items;
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'ternary':
      return [node.test, node.yes, node.no];
    case 'call':
      return node.args;
    case 'literal':
    case 'name':
    case 'current':
      return [];
  }
}

function namesIn(template: Template): NamePath[] {
  return template.parts.flatMap((part) => (part.type === 'expression' ? [...namePaths(part.node)] : []));
}

/** What the expressions of a JSON tree read: ids of steps, names of inputs, and top-level names; each once, sorted. */
export function referencesOf(value: Json): { readonly steps: string[]; readonly inputs: string[]; readonly names: string[] } {
  const found = [...templatesOf(value)].flatMap(namesIn);
  const membersOf = (name: string): string[] => found.flatMap((chain) => (chain.name === name && chain.path[0] !== undefined ? [chain.path[0]] : []));
  const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort();
  return { steps: distinct(membersOf('steps')), inputs: distinct(membersOf('inputs')), names: distinct(found.map((chain) => chain.name)) };
}

/**
 * Evaluate what can be evaluated before the run. Text that reads a name absent from the scope, or a step absent from
 * `scope.steps`, becomes the marker.
 *
 * @returns the value, and whether any marker is in it.
 */
export function partialDeep(value: Json, scope: Scope, unknown: string = KNOWN_AFTER_APPLY): { readonly value: Json; readonly approximate: boolean } {
  let approximate = false;
  const partial = mapStrings(value, (text) => {
    if (!text.includes('${{')) return text;
    const parsed = cachedTemplate(text);
    if (!parsed.ok) return null;
    if (namesIn(parsed.template).every((chain) => isKnown(chain, scope))) return evaluateTemplate(parsed.template, scope);
    approximate = true;
    return parsed.template.whole ? unknown : mixed(parsed.template, scope, unknown);
  });
  return { value: partial, approximate };
}

function isKnown(chain: NamePath, scope: Scope): boolean {
  if (!Object.hasOwn(scope, chain.name)) return false;
  if (chain.name !== 'steps') return true;
  const steps = scope['steps'];
  const [id] = chain.path;
  return id !== undefined && typeof steps === 'object' && steps !== null && Object.hasOwn(steps, id);
}

/** Text with the marker where an expression is unknown; the marker alone when a secret is part of it. */
function mixed(template: Template, scope: Scope, unknown: string): Json {
  const texts = template.parts.map((part) => {
    if (part.type === 'text') return part.text;
    if (![...namePaths(part.node)].every((chain) => isKnown(chain, scope))) return unknown;
    return evaluateTemplate({ text: template.text, parts: [{ type: 'text', text: '' }, part], whole: undefined }, scope);
  });
  return texts.every((text) => typeof text === 'string') ? texts.join('') : unknown;
}
