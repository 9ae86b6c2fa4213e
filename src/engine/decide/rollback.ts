import type { PlanNode } from '../../plan/index.ts';
import { hasStarted, type Task } from '../state.ts';
import { windDown } from './cancel.ts';
import type { Decision } from './context.ts';
import { record } from './task.ts';
import { settleAll, settleNode } from './tree.ts';
import { parseTaskPath } from '../task-path.ts';

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
    if (!open.some((other) => other !== undo && mustPrecede(decision, other, undo))) settleNode(decision, undo.node, { index: undo.index, act: true });
  }
  if (open.length > 0) return budget(decision);
  const last = settleAll(decision, decision.index.rollbackSteps, { act: true, despiteFailures: true });
  if (last === 'todo' || last === 'open') return budget(decision);
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

function isOver(decision: Decision, { node, index }: Undo): boolean {
  const status = settleNode(decision, node, { index, act: false });
  return status === 'done' || status === 'failed';
}

function mustPrecede({ graph, index }: Decision, first: Undo, then: Undo): boolean {
  if (first.band !== then.band) return first.band < then.band;
  if (first.phase !== then.phase) return first.phase > then.phase;
  if (first.owner === then.owner) return first.index === then.index && comesAfter({ graph, index }, then.node, first.node.path);
  return comesAfter({ graph, index }, first.owner, then.owner.path);
}

/** Does a node start only after another one: by its needs, by what those own, or because it belongs to it? */
function comesAfter({ graph, index }: Pick<Decision, 'graph' | 'index'>, node: PlanNode, wanted: string): boolean {
  const seen = new Set<string>([node.path]);
  const open = befores(node);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (path === wanted) return true;
    if (seen.has(path)) continue;
    seen.add(path);
    const before = graph.nodes[path];
    if (before) open.push(...befores(before));
  }
  return false;

  function befores({ needs, owner, role }: PlanNode): string[] {
    const inner = owner === undefined || role !== 'finally' ? [] : ownedBelow(owner, (child) => child.role === 'case' || child.role === 'rescue');
    const done = needs.flatMap((need) => [need, ...ownedBelow(need, (child) => child.role !== 'compensate')]);
    return [...done, ...inner, ...(owner !== undefined && role !== 'compensate' ? [owner] : [])];
  }
  function ownedBelow(owner: string, isWanted: (child: PlanNode) => boolean): string[] {
    const children = (index.owned.get(owner) ?? []).filter(isWanted);
    return children.flatMap(({ path }) => [path, ...ownedBelow(path, (child) => child.role !== 'compensate')]);
  }
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
  const bad = [...undos, ...index.rollbackSteps.map((node) => ({ node, path: node.path, index: undefined }))].flatMap(({ node, path, index: item }) =>
    settleNode(decision, node, { index: item, act: false }) === 'failed' ? [path] : [],
  );
  const why = data.rollback?.reason ?? '';
  if (bad.length === 0) record(decision, { type: 'runFinished', state: 'rolledBack', outputs: {}, reason: why });
  else record(decision, { type: 'runFinished', state: 'rollbackFailed', outputs: {}, reason: `${bad.join(', ')} failed; the rollback was for: ${why}` });
}
