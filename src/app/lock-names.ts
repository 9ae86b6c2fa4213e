import { digestOfBytes, isArray, isObject, type Json, type JsonObject, PATTERN } from '../core/index.ts';
import { partialDeep, type Scope } from '../expr/index.ts';
import type { PlanGraph, PlanNode } from '../plan/index.ts';
import { kindOf, type AnyKind } from '../steps/index.ts';

/** What names of locks depend on beside the plan. */
export interface LockScope {
  /** URL of the backend that keeps the stacks: stacks of the same name in two backends are two. */
  readonly backend: string;
  /** Repository, where one store serves several: groups of the same name are not the same hosts. */
  readonly repository?: string;
  /** Defaults of the inputs of a runbook that is called. */
  readonly defaultsOf?: (runbook: string) => JsonObject;
}
const DIGITS = 12;

/**
 * Names of everything that a run may change, called runbooks and the way back included, in the order in which locks are taken: `stack:<backend>:<program>/<name>`
 * and `hosts:<group>`. A host stands for the first group of the inventory that has it, so that two runs which share a host share a name however their patterns
 * are written. A stack whose name only the run finds out is `<program>/*`; two such runs of one program exclude each other, and Pulumi's own lock guards
 * the rest. What only looks locks nothing. Pure.
 */
export function lockNames(graph: PlanGraph, inputs: JsonObject, scope: LockScope): readonly string[] {
  const names = new Set(namesIn(graph, inputs, scope));
  return [...names].sort();
}

function* namesIn(graph: PlanGraph, inputs: JsonObject, scope: LockScope): Generator<string> {
  for (const node of Object.values(graph.nodes)) {
    const kind = kindOf(node.uses);
    if (kind?.mutates === true) yield* namesOf(node, kind, { graph, inputs, scope });
    if (node.uses === 'runbook.call') yield* namesOfCall(node, { graph, inputs, scope });
  }
}

interface At {
  readonly graph: PlanGraph;
  readonly inputs: JsonObject;
  readonly scope: LockScope;
}

function namesOf(node: PlanNode, kind: AnyKind, at: At): readonly string[] {
  const prefix = at.scope.repository === undefined ? '' : `${at.scope.repository}/`;
  const groups = (node.hosts?.names ?? []).map((name) => `hosts:${prefix}${at.graph.hosts[name]?.groups[0] ?? name}`);
  if (kind.target !== 'stack') return groups;
  const backend = digestOfBytes(at.scope.backend).slice('sha256:'.length).slice(0, DIGITS);
  return [...groups, ...valuesOf(node, node.with['stack'] ?? null, at).map((stack) => `stack:${backend}:${stackName(stack)}`)];
}

function stackName(stack: Json): string {
  const text = typeof stack === 'string' ? stack : '';
  if (PATTERN.stack.test(text)) return text;
  return `${/^([a-z0-9][a-z0-9-]{0,62})\//.exec(text)?.[1] ?? '*'}/*`;
}

/** A setting of a node for each of its items, as far as it is known before the run. */
function valuesOf(node: PlanNode, written: Json, at: At): readonly Json[] {
  const scope = scopeOf(node, at);
  return itemsOf(node, at, scope).map((own) => partialDeep(written, { ...scope, ...own }).value);
}

function scopeOf(node: PlanNode, { graph, inputs }: At): Scope {
  const environment = graph.phases.find(({ id }) => id === node.phase)?.environment;
  return { inputs, runbook: graph.metadata, steps: {}, environment: graph.environment[environment ?? ''] ?? {} };
}

/** A compensation works on the items of what it undoes. */
function itemsOf(node: PlanNode, at: At, scope: Scope): readonly Scope[] {
  let owner: PlanNode | undefined = node;
  while (owner && owner.foreach === undefined) owner = at.graph.nodes[owner.owner ?? ''];
  if (owner?.foreach === undefined) return [{}];
  const { value, approximate } = partialDeep(owner.foreach, scope);
  return approximate || !isArray(value) ? [{}] : value.map((item, index) => ({ item, index }));
}

function* namesOfCall(node: PlanNode, at: At): Generator<string> {
  for (const settings of valuesOf(node, node.with, at)) {
    const { runbook, inputs } = isObject(settings) ? settings : {};
    const called = typeof runbook === 'string' ? at.graph.calls[runbook] : undefined;
    if (!called || typeof runbook !== 'string') continue;
    const given = isObject(inputs) ? inputs : {};
    yield* namesIn(called, { ...at.scope.defaultsOf?.(runbook), ...given }, at.scope);
  }
}
