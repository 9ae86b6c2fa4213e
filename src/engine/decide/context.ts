import type { Json, JsonObject } from '../../core/pure.ts';
import { evaluateDeep, type Scope } from '../../expr/index.ts';
import type { PlanGraph, PlanNode } from '../../plan/index.ts';
import type { AnyKind } from '../../steps/index.ts';
import type { Action } from '../actions.ts';
import { type GraphIndex, indexOf } from '../graph-index.ts';
import type { RunData, Task } from '../state.ts';
import { factsOf } from './facts.ts';

export type KindOf = (uses: string) => AnyKind | undefined;
/** What a decision needs to know of a kind: all of one that waits, and of any other only what it acts on, whether it can look, and whether it tells of its hosts. */
export type KindFacts =
  | Extract<AnyKind, { target: 'control' }>
  | { readonly target: 'none' | 'stack' | 'hosts'; readonly probe?: unknown; readonly probeHost?: unknown; readonly describesHosts?: boolean };
export type FactsOf = (uses: string) => KindFacts | undefined;

/** What every part of a decision looks at, and the actions it adds. */
export interface Decision {
  readonly data: RunData;
  readonly graph: PlanGraph;
  readonly index: GraphIndex;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly kindOf: FactsOf;
  /** The driver follows hosts from one step of a chain to the next. */
  readonly hostFirst: boolean;
  readonly actions: Action[];
  /** Statuses already worked out in this decision: of nodes with all they own, and of their own tasks alone. */
  readonly memo: Map<string, NodeStatus>;
  readonly ownMemo: Map<string, NodeStatus>;
}
/** todo: not begun. open: going on. done: ended well, tolerated or skipped. failed: ended badly, and that matters. */
export type NodeStatus = 'todo' | 'open' | 'done' | 'failed';

export function decisionOf(data: RunData, graph: PlanGraph, asked: Pick<Decision, 'now' | 'kindOf' | 'hostFirst'>): Decision {
  return { data, graph, index: indexOf(graph), ...asked, actions: [], memo: new Map(), ownMemo: new Map() };
}

/** Names that expressions may use: of the run as a whole, or of a phase and an item. */
export function scopeOf(decision: Decision, phase = '', item?: { readonly item: Json; readonly index: number }): Scope {
  const { data, graph, index } = decision;
  return {
    // Looked up only by expressions that read it.
    get facts() {
      return factsOf(decision);
    },
    inputs: data.created?.inputs ?? {},
    steps: data.steps,
    run: { id: data.runId, rehearsal: data.created?.rehearsal ?? false },
    runbook: graph.metadata,
    environment: graph.environment[index.environments.get(phase) ?? ''] ?? {},
    ...(item ?? {}),
  };
}

/** The item a task works on. */
export function itemOf({ data, graph }: Decision, task: Pick<Task, 'node' | 'index'>): { readonly item: Json; readonly index: number } | undefined {
  if (task.index === undefined) return undefined;
  // A compensation, and what is nested in it, works on the item of the step it undoes.
  let path = task.node;
  while (!data.items.has(path)) {
    const owner = graph.nodes[path]?.owner;
    if (owner === undefined) break;
    path = owner;
  }
  return { item: data.items.get(path)?.[task.index] ?? null, index: task.index };
}

/** A value with its expressions evaluated for one task; `node` may also be a phase. */
export function evaluated(decision: Decision, value: Json, task: Pick<Task, 'node' | 'index'>): Json {
  const phase = decision.graph.nodes[task.node]?.phase ?? task.node;
  return evaluateDeep(value, scopeOf(decision, phase, itemOf(decision, task)));
}

/** Does a value of an `if` mean yes? */
export function isTruthy(value: Json): boolean {
  return value !== null && value !== false && value !== 0 && value !== '';
}

/** `with` of a node for one task. */
export function withOf(decision: Decision, node: PlanNode, task: Pick<Task, 'node' | 'index'>): JsonObject {
  const value = evaluated(decision, node.with, task);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}; // `with` is an object in every plan
}
