import type { PlanGraph, PlanNode } from '../plan/index.ts';

/** A graph by phase and by owner, so that decisions need no search. */
export interface GraphIndex {
  /** Nodes on the way forward, per phase, in plan order: steps, cases, rescues and finally nodes of steps. */
  readonly body: ReadonlyMap<string, readonly PlanNode[]>;
  /** Nodes owned by a node or phase, by owner. */
  readonly owned: ReadonlyMap<string, readonly PlanNode[]>;
  readonly compensations: readonly PlanNode[];
  readonly rollbackSteps: readonly PlanNode[];
  readonly phaseOrder: ReadonlyMap<string, number>;
}
const known = new WeakMap<PlanGraph, GraphIndex>();

/** The index of a graph; made once per graph object. */
export function indexOf(graph: PlanGraph): GraphIndex {
  const earlier = known.get(graph);
  if (earlier) return earlier;
  const made = makeIndex(graph);
  known.set(graph, made);
  return made;
}

function makeIndex(graph: PlanGraph): GraphIndex {
  const nodes = Object.values(graph.nodes);
  const phaseIds = new Set(graph.phases.map(({ id }) => id));
  const isBody = (node: PlanNode): boolean =>
    node.role !== 'compensate' && node.role !== 'rollback' && !(node.role === 'finally' && phaseIds.has(node.owner ?? ''));
  return {
    body: new Map(graph.phases.map(({ id }) => [id, nodes.filter((node) => node.phase === id && isBody(node))])),
    owned: Map.groupBy(
      nodes.filter((node) => node.owner !== undefined),
      (node) => node.owner ?? '',
    ),
    compensations: nodes.filter(({ role }) => role === 'compensate'),
    rollbackSteps: nodes.filter(({ role }) => role === 'rollback'),
    phaseOrder: new Map(graph.phases.map(({ id }, order) => [id, order])),
  };
}

/** Path of a task: the node's own, or with the number of its item. */
export function taskPath(node: PlanNode, index?: number): string {
  return index === undefined ? node.path : `${node.path}[${index}]`;
}
