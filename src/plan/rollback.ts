import { forwardOrder, ownedBy } from './order.ts';
import type { PlanGraph, PlanNode } from './types.ts';

export const BANDS = ['early', 'traffic', 'normal'] as const;
export type Band = (typeof BANDS)[number];

/** One compensation, or one of `rollback.steps` (band `last`). */
export interface Compensation {
  readonly path: string;
  /** The node it undoes; absent for `rollback.steps`. */
  readonly owner?: string;
  readonly band: Band | 'last';
}
/** What a rollback does when everything up to the end of one phase has started. */
export interface PhaseRollback {
  readonly phase: string;
  /** Compensations of this phase alone, in the order they would run. */
  readonly own: readonly Compensation[];
  /** Everything: this phase and all before it, then `rollback.steps`. */
  readonly all: readonly Compensation[];
  /** Mutating nodes of this phase that nothing undoes, in run order. */
  readonly uncovered: readonly string[];
  /** False from the phase of the point of no return on. */
  readonly possible: boolean;
}
export interface RollbackPlan {
  readonly phases: readonly PhaseRollback[];
  readonly pointOfNoReturn?: { readonly phase: string; readonly path: string };
}
type Owned = (owner: string) => readonly PlanNode[];

/**
 * What a rollback would run, phase by phase: bands early, traffic, normal; inside a band in reverse order of the nodes they undo;
 * `rollback.steps` last.
 */
export function rollbackOf(graph: PlanGraph): RollbackPlan {
  const owned = ownedBy(graph);
  const nodes = Object.values(graph.nodes);
  const last = nodes.filter(({ role }) => role === 'rollback').map(({ path }) => ({ path, band: 'last' as const }));
  const point = nodes.find(({ pointOfNoReturn }) => pointOfNoReturn);
  const locked = point === undefined ? graph.phases.length : graph.phases.findIndex(({ id }) => id === point.phase);
  let forward: readonly PlanNode[] = [];
  const phases = graph.phases.map((phase, index) => {
    const here = forwardOrder(graph, phase);
    forward = [...forward, ...here];
    return {
      phase: phase.id,
      own: compensationsOf(owned, here),
      all: [...compensationsOf(owned, forward), ...last],
      uncovered: uncoveredOf(owned, here),
      possible: index < locked,
    };
  });
  return point ? { phases, pointOfNoReturn: { phase: point.phase, path: point.path } } : { phases };
}

function compensationsOf(owned: Owned, forward: readonly PlanNode[]): readonly Compensation[] {
  const undo = forward.toReversed().flatMap(({ path: owner }) =>
    owned(owner)
      .filter(({ role }) => role === 'compensate')
      .map(({ path, order }) => ({ path, owner, band: order ?? 'normal' })),
  );
  return BANDS.flatMap((band) => undo.filter((each) => each.band === band));
}

function uncoveredOf(owned: Owned, forward: readonly PlanNode[]): readonly string[] {
  const isUndone = (node: PlanNode) => node.undoneBy !== undefined || owned(node.path).some(({ role }) => role === 'compensate');
  return forward.filter((node) => node.mutates && node.role !== 'finally' && !isUndone(node)).map(({ path }) => path);
}
