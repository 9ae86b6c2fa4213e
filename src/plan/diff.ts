import { canonicalJson, type Json } from '../core/index.ts';
import { toJson } from './bundle.ts';
import type { PlanBody, PlanBundle } from './types.ts';

/** What differs between two plans. */
export interface PlanDiff {
  readonly same: boolean;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Nodes in both whose members differ, with the names of those members. */
  readonly changed: readonly { readonly path: string; readonly members: readonly string[] }[];
  /** Paths whose preview differs. */
  readonly previews: readonly string[];
  readonly hosts: { readonly added: readonly string[]; readonly removed: readonly string[]; readonly changed: readonly string[] };
  readonly inputs: readonly string[];
  /** Parts of the plan body that differ otherwise: `commit`, `policies`, `verdict` … */
  readonly parts: readonly string[];
}
interface Keyed {
  readonly [name: string]: Json;
}

/** Compare two plans; everything is sorted, and expiry alone does not make them differ. */
export function diffPlans(before: PlanBundle, after: PlanBundle): PlanDiff {
  const nodes = compare(keyed(before.body.graph.nodes), keyed(after.body.graph.nodes));
  const hosts = compare(keyed(before.body.graph.hosts), keyed(after.body.graph.hosts));
  const previews = compare(keyed(before.body.previews), keyed(after.body.previews));
  const inputs = compare(keyed(before.body.inputs.values), keyed(after.body.inputs.values));
  const parts = compare(partsOf(before.body), partsOf(after.body));
  return {
    same: [nodes, hosts, previews, inputs, parts].every((part) => all(part).length === 0),
    added: nodes.added,
    removed: nodes.removed,
    changed: nodes.changed.map((path) => ({ path, members: membersOf(before.body, after.body, path) })),
    previews: all(previews),
    hosts,
    inputs: all(inputs),
    parts: all(parts),
  };
}

function membersOf(before: PlanBody, after: PlanBody, path: string): readonly string[] {
  return all(compare(keyed(before.graph.nodes[path] ?? {}), keyed(after.graph.nodes[path] ?? {})));
}

function partsOf({ graph, previews: _previews, inputs, expires: _expires, ...rest }: PlanBody): Keyed {
  const { nodes: _nodes, hosts: _hosts, ...other } = graph;
  return { ...keyed(rest), ...keyed(other), secrets: [...inputs.secrets] };
}

function compare(before: Keyed, after: Keyed): { readonly added: readonly string[]; readonly removed: readonly string[]; readonly changed: readonly string[] } {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return {
    added: names.filter((name) => before[name] === undefined),
    removed: names.filter((name) => after[name] === undefined),
    changed: names.filter((name) => {
      const [left, right] = [before[name], after[name]];
      return left !== undefined && right !== undefined && canonicalJson(left) !== canonicalJson(right);
    }),
  };
}

function all(part: ReturnType<typeof compare>): readonly string[] {
  return [...part.added, ...part.removed, ...part.changed].sort();
}

function keyed(value: object): Keyed {
  return toJson(value);
}
