import type { PlanGraph, PlanNode, PlanPhase } from './types.ts';

const INNER = { case: 0, rescue: 1, finally: 2, compensate: 3, step: 4, rollback: 5 } as const;

/** Nodes that belong to a node or phase, directly, by role and then in the order they were written. */
export function ownedBy(graph: PlanGraph): (owner: string) => readonly PlanNode[] {
  const owned = new Map<string, PlanNode[]>();
  for (const node of Object.values(graph.nodes)) {
    if (node.owner !== undefined) (owned.get(node.owner) ?? owned.set(node.owner, []).get(node.owner))?.push(node);
  }
  for (const nodes of owned.values()) nodes.sort((a, b) => INNER[a.role] - INNER[b.role]);
  return (owner) => owned.get(owner) ?? [];
}

/**
 * Every node of a phase that may run before a rollback, in an order that respects all needs: wave by wave, nested nodes after
 * their owner, the phase's finally last.
 */
export function forwardOrder(graph: PlanGraph, phase: PlanPhase): readonly PlanNode[] {
  const owned = ownedBy(graph);
  const withInner = (node: PlanNode): readonly PlanNode[] => [node, ...forwardInner(node.path).flatMap(withInner)];
  const forwardInner = (owner: string) => owned(owner).filter(({ role }) => role === 'case' || role === 'rescue' || role === 'finally');
  const steps = phase.waves.flat().flatMap((path) => graph.nodes[path] ?? []);
  return [...steps, ...forwardInner(phase.id)].flatMap(withInner);
}
