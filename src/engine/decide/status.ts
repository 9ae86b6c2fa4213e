import type { PlanNode } from '../../plan/index.ts';
import { taskPath } from '../graph-index.ts';
import { isGood, isSettled, type Task } from '../state.ts';
import type { Decision, NodeStatus } from './context.ts';
import { mayRetry } from './retry.ts';

/** Status of a node with everything it owns: items, chosen case, rescue, finally. */
export function statusOf(decision: Decision, node: PlanNode): NodeStatus {
  if (!isTouched(decision, node)) return 'todo';
  const known = decision.memo.get(node.path);
  if (known) return known;
  const status = wholeStatus(decision, node);
  decision.memo.set(node.path, status);
  return status;
}

/** Is a need over, well or badly? A bad one stops its phase, so nothing that needs it starts. */
export function isDone(decision: Decision, path: string): boolean {
  const node = decision.graph.nodes[path];
  return node === undefined || statusOf(decision, node) === 'done';
}

/** Has anything happened to it? Most nodes of a large graph are asked this only. */
export function isTouched({ data }: Decision, node: PlanNode): boolean {
  return data.tasks.has(node.path) || (node.foreach !== undefined && data.items.has(node.path));
}

/** The tasks of a node that exist already. */
export function tasksOf({ data }: Decision, node: PlanNode): readonly Task[] {
  const items = node.foreach === undefined ? undefined : data.items.get(node.path);
  const paths = items ? items.map((_, index) => taskPath(node, index)) : [node.path];
  return paths.flatMap((path) => data.tasks.get(path) ?? []);
}

/** Ended, and no further attempt will come by itself. */
export function isFinal(node: PlanNode, task: Task): boolean {
  return isSettled(task) && !task.attention && !awaitsPerson(node, task) && !mayRetry(task, node);
}

/** A failure that a person has to look at before the run goes on. */
export function awaitsPerson(node: PlanNode, task: Task): boolean {
  if ((task.state !== 'failed' && task.state !== 'timedOut') || task.givenUp) return false;
  return node.onFailure === 'pause' || task.error?.retry === 'pauseForHuman';
}

/** Status of a node's own tasks alone. */
export function ownStatus(decision: Decision, node: PlanNode): NodeStatus {
  if (!isTouched(decision, node)) return 'todo';
  const known = decision.ownMemo.get(node.path);
  if (known) return known;
  const status = statusOfTasks(decision, node);
  decision.ownMemo.set(node.path, status);
  return status;
}

function statusOfTasks(decision: Decision, node: PlanNode): NodeStatus {
  const expected = node.foreach === undefined ? 1 : decision.data.items.get(node.path)?.length;
  if (expected === undefined) return 'todo';
  const tasks = tasksOf(decision, node);
  if (expected > 0 && tasks.length === 0) return 'todo';
  if (tasks.length < expected || !tasks.every((task) => isFinal(node, task))) return tasks.every((task) => task.state === 'pending') ? 'todo' : 'open';
  return tasks.every(isGood) ? 'done' : 'failed';
}

/** The children of one role, and for cases only those of the chosen branch. */
export function children(decision: Decision, node: PlanNode, role: PlanNode['role']): readonly PlanNode[] {
  const owned = (decision.index.owned.get(node.path) ?? []).filter((child) => child.role === role);
  return role === 'case' ? owned.filter(({ branch }) => branch === branchOf(decision, node)) : owned;
}

/** The branch a switch took; undefined when it has no case and no default for its value. */
export function branchOf({ data, index }: Decision, node: PlanNode): string | undefined {
  const branch = data.tasks.get(node.path)?.outputs['branch'];
  const offered = new Set((index.owned.get(node.path) ?? []).flatMap((child) => (child.role === 'case' ? [child.branch] : [])));
  if (typeof branch === 'string' && offered.has(branch)) return branch;
  return offered.has('default') ? 'default' : undefined;
}

function wholeStatus(decision: Decision, node: PlanNode): NodeStatus {
  const core = coreStatus(decision, node);
  if (core === 'todo' || core === 'open') return core;
  const closing = allStatus(decision, children(decision, node, 'finally'));
  if (closing === 'todo' || closing === 'open') return isSkipped(decision, node) ? core : 'open';
  const isBad = core === 'failed' || closing === 'failed';
  return isBad && node.onFailure !== 'continue' ? 'failed' : 'done';
}

/** A skipped step has nothing to clean up. */
export function isSkipped(decision: Decision, node: PlanNode): boolean {
  const tasks = tasksOf(decision, node);
  return tasks.length > 0 ? tasks.every(({ state }) => state === 'skipped') : decision.data.items.get(node.path)?.length === 0;
}

/** Own tasks, then the chosen case, or the rescue of a failure; without `finally`. */
export function coreStatus(decision: Decision, node: PlanNode): NodeStatus {
  const own = ownStatus(decision, node);
  if (own === 'todo' || own === 'open') return own;
  if (own === 'failed') {
    const rescue = children(decision, node, 'rescue');
    if (rescue.length === 0) return 'failed';
    const rescued = allStatus(decision, rescue);
    return rescued === 'todo' ? 'open' : rescued;
  }
  const cases = isSkipped(decision, node) ? 'done' : allStatus(decision, children(decision, node, 'case'));
  return cases === 'todo' ? 'open' : cases;
}

function allStatus(decision: Decision, nodes: readonly PlanNode[]): NodeStatus {
  const statuses = nodes.map((node) => statusOf(decision, node));
  if (statuses.includes('open')) return 'open';
  if (statuses.includes('failed')) return 'failed';
  if (statuses.includes('todo')) return statuses.includes('done') ? 'open' : 'todo';
  return 'done';
}
