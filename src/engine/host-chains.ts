import type { PlanGraph, PlanNode } from '../plan/index.ts';

/** Steps that hosts go through one after the other, each host at its own pace. */
export interface HostChains {
  /** Paths of the whole chain, in order, by the path of each of its steps. */
  readonly of: ReadonlyMap<string, readonly string[]>;
  /** The step right before, by path. */
  readonly before: ReadonlyMap<string, string>;
}

/**
 * Consecutive steps with `strategy: hostFirst` on the same hosts and by the same rules, of which each needs nothing but the one before and what that one
 * needs itself. A step that takes values of other steps, waits for a condition or has something to clean up begins only when the one before is over:
 * what it needs is not known any earlier.
 */
export function chainsOf(graph: PlanGraph, owned: ReadonlyMap<string, readonly PlanNode[]>): HostChains {
  const before = new Map<string, string>();
  const taken = new Set<string>();
  for (const node of Object.values(graph.nodes)) {
    if (!isLink(node) || node.if !== undefined || readsTheRun(node)) continue;
    const previous = node.needs.flatMap((path) => graph.nodes[path] ?? []).find((one) => isLink(one) && isSameSpread(one, node) && !taken.has(one.path));
    if (!previous || hasMore(owned, previous) || previous.pointOfNoReturn || !isNeededAnyway(graph, previous, node.needs)) continue;
    before.set(node.path, previous.path);
    taken.add(previous.path);
  }
  const of = new Map<string, readonly string[]>();
  const next = new Map([...before].map(([path, previous]) => [previous, path]));
  for (const head of next.keys()) {
    if (before.has(head)) continue;
    const paths = [head];
    for (let path = next.get(head); path !== undefined; path = next.get(path)) paths.push(path);
    for (const path of paths) of.set(path, paths);
  }
  return { of, before };
}

function isLink({ role, hosts, foreach, heartbeatMs, deadlineMs, onFailure }: PlanNode): boolean {
  if (role !== 'step' || hosts?.strategy !== 'hostFirst' || hosts.runOnce || hosts.names.length === 0 || foreach !== undefined) return false;
  return heartbeatMs === undefined && deadlineMs === undefined && (onFailure === 'fail' || onFailure === 'rollback');
}

function isSameSpread(one: PlanNode, other: PlanNode): boolean {
  const spread = ({ hosts }: PlanNode): string =>
    JSON.stringify([hosts?.names, hosts?.serial, hosts?.throttle, hosts?.maxFailPercentage, hosts?.maxErrors, hosts?.anyErrorsFatal]);
  return spread(one) === spread(other);
}

/** Values that only earlier steps, or hosts, can give. */
function readsTheRun({ with: input, hosts }: PlanNode): boolean {
  return /\$\{\{[^}]*\b(?:steps|facts)\b/.test(JSON.stringify([input, hosts?.become ?? null]));
}

/** Something else runs at its end, before the next step. */
function hasMore(owned: ReadonlyMap<string, readonly PlanNode[]>, { path }: PlanNode): boolean {
  return (owned.get(path) ?? []).some(({ role }) => role !== 'compensate');
}

function isNeededAnyway({ nodes }: PlanGraph, previous: PlanNode, needs: readonly string[]): boolean {
  const known = new Set<string>([previous.path]);
  const open = [...previous.needs];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (known.has(path)) continue;
    known.add(path);
    open.push(...(nodes[path]?.needs ?? []));
  }
  return needs.every((path) => known.has(path));
}
