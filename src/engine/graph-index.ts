import type { PlanGraph, PlanNode } from '../plan/index.ts';
import { chainsOf, type HostChains } from './host-chains.ts';

/** A graph by phase and by owner, so that decisions need no search. */
export interface GraphIndex {
  /** Nodes on the way forward, per phase, in plan order: steps, and the cases, rescues and finally nodes below them. */
  readonly body: ReadonlyMap<string, readonly PlanNode[]>;
  /** Nodes owned by a node or phase, by owner. */
  readonly owned: ReadonlyMap<string, readonly PlanNode[]>;
  readonly compensations: readonly PlanNode[];
  readonly rollbackSteps: readonly PlanNode[];
  readonly phaseOrder: ReadonlyMap<string, number>;
  /** Name of the environment of each phase that has one. */
  readonly environments: ReadonlyMap<string, string>;
  /** Paths of compensations, of `rollback.steps`, and of everything below them. */
  readonly inRollback: ReadonlySet<string>;
  readonly chains: HostChains;
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
  const body = Map.groupBy(
    nodes.filter((node) => rootOf(graph, node).role === 'step'),
    ({ phase }) => phase,
  );
  const owned = Map.groupBy(
    nodes.filter((node) => node.owner !== undefined),
    (node) => node.owner ?? '',
  );
  return {
    body,
    owned,
    chains: chainsOf(graph, owned),
    compensations: nodes.filter(({ role }) => role === 'compensate'),
    rollbackSteps: nodes.filter(({ role }) => role === 'rollback'),
    phaseOrder: new Map(graph.phases.map(({ id }, order) => [id, order])),
    environments: new Map(graph.phases.flatMap(({ id, environment }) => (environment === undefined ? [] : [[id, environment]]))),
    inRollback: new Set(
      nodes.flatMap((node) => {
        const { role } = rootOf(graph, node);
        return role === 'compensate' || role === 'rollback' ? [node.path] : [];
      }),
    ),
  };
}

/** The outermost owner on the same way: a compensation is where its own way begins. */
function rootOf(graph: PlanGraph, node: PlanNode): PlanNode {
  let root = node;
  for (let owner = ownerOf(graph, root); owner; owner = ownerOf(graph, root)) root = owner;
  return root;
}

function ownerOf({ nodes }: PlanGraph, { role, owner }: PlanNode): PlanNode | undefined {
  return owner === undefined || role === 'compensate' || role === 'rollback' ? undefined : nodes[owner];
}

/** Path of a task: the node's own, or with the number of its item. */
export function taskPath(node: PlanNode, index?: number): string {
  return index === undefined ? node.path : `${node.path}[${index}]`;
}
