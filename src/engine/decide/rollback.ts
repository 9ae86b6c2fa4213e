import { parseTaskPath } from '../task-path.ts';
import type { PlanNode } from '../../plan/index.ts';
import { hasStarted, isGood, type Task } from '../state.ts';
import { windDown } from './cancel.ts';
import type { Decision } from './context.ts';
import { isFinal } from './status.ts';
import { advanceAs, record } from './task.ts';

const BANDS = ['early', 'traffic', 'normal'] as const;

/** One compensation of one task that had started. */
interface Undo {
  readonly path: string;
  readonly node: PlanNode;
  readonly owner: PlanNode;
  readonly index?: number;
  readonly band: number;
  readonly phase: number;
}

/**
 * Undo what had started: bands in order (docs/decisions/0005), phases backwards, and within a phase nothing before what
 * depended on it. A compensation that fails does not keep the others from running; the rollback then counts as failed.
 */
export function decideRollback(decision: Decision): void {
  if (!windDown(decision, `rolling back: ${decision.data.rollback?.reason ?? ''}`)) return;
  const undos = undosOf(decision);
  const open = undos.filter((undo) => !isOver(decision, undo));
  for (const undo of open) {
    if (!open.some((other) => other !== undo && mustPrecede(decision, other, undo))) advanceAs(decision, undo.node, { path: undo.path, scope: 'cleanup' });
  }
  if (open.length > 0) return budget(decision);
  for (const node of decision.index.rollbackSteps) {
    if (isOver(decision, { path: node.path, node })) continue;
    advanceAs(decision, node, { path: node.path, scope: 'cleanup' });
    return;
  }
  finish(decision, undos);
}

/** Every compensation, for every task that had started, once. */
export function undosOf(decision: Decision): readonly Undo[] {
  const { data, graph, index } = decision;
  return index.compensations.flatMap((node) => {
    const owner = graph.nodes[node.owner ?? ''];
    if (!owner) return [];
    const band = BANDS.indexOf(node.order ?? 'normal');
    const phase = index.phaseOrder.get(node.phase) ?? 0;
    return startedTasks(data.tasks, owner, data.items.get(owner.path)?.length).map(({ index: item }) =>
      item === undefined ? { path: node.path, node, owner, band, phase } : { path: `${node.path}[${item}]`, node, owner, index: item, band, phase },
    );
  });
}

function startedTasks(tasks: ReadonlyMap<string, Task>, owner: PlanNode, items: number | undefined): readonly Task[] {
  const paths = owner.foreach === undefined ? [owner.path] : Array.from({ length: items ?? countItems(tasks, owner) }, (_, index) => `${owner.path}[${index}]`);
  return paths.flatMap((path) => {
    const task = tasks.get(path);
    return task && hasStarted(task) ? [task] : [];
  });
}

/** A run that undoes another knows the items only from the tasks that had started. */
function countItems(tasks: ReadonlyMap<string, Task>, owner: PlanNode): number {
  return [...tasks.keys()].reduce((count, path) => {
    const { node, index } = parseTaskPath(path);
    return node === owner.path && index !== undefined ? Math.max(count, index + 1) : count;
  }, 0);
}

function isOver(decision: Decision, { path, node }: { readonly path: string; readonly node: PlanNode }): boolean {
  const task = decision.data.tasks.get(path);
  return task !== undefined && isFinal(decision, node, task);
}

function mustPrecede(decision: Decision, first: Undo, then: Undo): boolean {
  if (first.band !== then.band) return first.band < then.band;
  if (first.phase !== then.phase) return first.phase > then.phase;
  if (first.owner === then.owner) return first.index === then.index && (then.node.needs.includes(first.node.path) || isEarlierSibling(first, then));
  return needsTransitively(decision, first.owner, then.owner.path);
}

/** Compensations of one step run in the order they are written. */
function isEarlierSibling(first: Undo, then: Undo): boolean {
  return first.node.path.localeCompare(then.node.path, 'en', { numeric: true }) < 0;
}

function needsTransitively({ graph }: Pick<Decision, 'graph'>, node: PlanNode, wanted: string, seen = new Set<string>()): boolean {
  if (seen.has(node.path)) return false;
  seen.add(node.path);
  const before = [...node.needs, ...(node.owner !== undefined && graph.nodes[node.owner] ? [node.owner] : [])];
  return before.some((path) => path === wanted || (graph.nodes[path] !== undefined && needsTransitively({ graph }, graph.nodes[path], wanted, seen)));
}

function budget(decision: Decision): void {
  const { data, graph, now } = decision;
  const at = (data.rollback?.at ?? now) + graph.rollback.budgetMs;
  if (now < at) decision.actions.push({ type: 'timer', timer: 'rollback budget', at });
  else if (!data.attention.has('@rollback'))
    record(decision, {
      type: 'attentionRaised',
      path: '@rollback',
      reason: 'the rollback takes longer than its budget; it goes on',
      hint: `watch it with "slipway watch ${data.runId}"`,
    });
}

function finish(decision: Decision, undos: readonly Undo[]): void {
  const { data, index } = decision;
  const paths = [...undos.map(({ path }) => path), ...index.rollbackSteps.map(({ path }) => path)];
  const bad = paths.filter((path) => {
    const task = data.tasks.get(path);
    return task !== undefined && !isGood(task);
  });
  const why = data.rollback?.reason ?? '';
  if (bad.length === 0) record(decision, { type: 'runFinished', state: 'rolledBack', outputs: {}, reason: why });
  else record(decision, { type: 'runFinished', state: 'rollbackFailed', outputs: {}, reason: `${bad.join(', ')} failed; the rollback was for: ${why}` });
}
