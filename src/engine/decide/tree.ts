import type { PlanNode } from '../../plan/index.ts';
import { taskPath } from '../graph-index.ts';
import { isGood, type Task } from '../state.ts';
import type { Decision, NodeStatus } from './context.ts';
import { isFinal, ownStatus, tasksOf } from './status.ts';
import { advance, advanceAs } from './task.ts';

/** Where in a tree, and whether to take it further or only to look. */
export interface TreeStep {
  /** Of the item that a compensation works on. */
  readonly index?: number | undefined;
  readonly act: boolean;
}

/**
 * Take a node that runs at an end (a compensation, a `finally`) one step further, with everything below it: its chosen case or its rescue,
 * then its own `finally`. @returns where all of it stands.
 */
export function settleNode(decision: Decision, node: PlanNode, step: TreeStep): NodeStatus {
  const own = ownAt(decision, node, step.index);
  if (own === 'todo' || own === 'open') {
    if (step.act) advanceAt(decision, node, step.index);
    return own;
  }
  const tasks = tasksAt(decision, node, step.index);
  if (tasks.length > 0 && tasks.every(({ state }) => state === 'skipped')) return 'done';
  const core = own === 'failed' ? rescued(decision, node, step) : settleAll(decision, casesOf(decision, node, tasks), step);
  if (isUnsettled(core)) return 'open';
  const closing = settleAll(decision, below(decision, node, 'finally'), { ...step, despiteFailures: true });
  if (isUnsettled(closing)) return 'open';
  const isBad = core === 'failed' || closing === 'failed';
  return isBad && node.onFailure !== 'continue' ? 'failed' : 'done';
}

/** A list of nodes, each after those of the list that it needs. */
export function settleAll(decision: Decision, nodes: readonly PlanNode[], step: TreeStep & { readonly despiteFailures?: boolean }): NodeStatus {
  const { despiteFailures = false } = step;
  const inList = new Map(nodes.map((node) => [node.path, node]));
  const seen = new Map<string, NodeStatus>();
  const visit = (node: PlanNode): NodeStatus => {
    const known = seen.get(node.path);
    if (known) return known;
    const needs = node.needs.flatMap((path) => inList.get(path) ?? []).map(visit);
    const isDue = needs.every((status) => status === 'done' || (despiteFailures && status === 'failed'));
    const status = isDue ? settleNode(decision, node, step) : 'todo';
    seen.set(node.path, status);
    return status;
  };
  return summaryOf(nodes.map(visit));
}

/** A failure ends a list once nothing of it is under way. */
function summaryOf(statuses: readonly NodeStatus[]): NodeStatus {
  if (statuses.includes('open')) return 'open';
  if (statuses.includes('failed')) return 'failed';
  if (statuses.includes('todo')) return statuses.includes('done') ? 'open' : 'todo';
  return 'done';
}

function isUnsettled(status: NodeStatus): boolean {
  return status === 'todo' || status === 'open';
}

function rescued(decision: Decision, node: PlanNode, step: TreeStep): NodeStatus {
  const rescue = below(decision, node, 'rescue');
  return rescue.length === 0 ? 'failed' : settleAll(decision, rescue, step);
}

function below({ index }: Decision, node: PlanNode, role: PlanNode['role']): readonly PlanNode[] {
  return (index.owned.get(node.path) ?? []).filter((child) => child.role === role);
}

function casesOf(decision: Decision, node: PlanNode, tasks: readonly Task[]): readonly PlanNode[] {
  const cases = below(decision, node, 'case');
  const taken = tasks[0]?.outputs['branch'];
  const branch = cases.some((one) => one.branch === taken) ? taken : 'default';
  return cases.filter((one) => one.branch === branch);
}

function tasksAt(decision: Decision, node: PlanNode, index: number | undefined): readonly Task[] {
  if (index === undefined) return tasksOf(decision, node);
  const task = decision.data.tasks.get(taskPath(node, index));
  return task ? [task] : [];
}

function ownAt(decision: Decision, node: PlanNode, index: number | undefined): NodeStatus {
  if (index === undefined) return ownStatus(decision, node);
  const [task] = tasksAt(decision, node, index);
  if (!task || task.state === 'pending') return 'todo';
  if (!isFinal(node, task)) return 'open';
  return isGood(task) ? 'done' : 'failed';
}

function advanceAt(decision: Decision, node: PlanNode, index: number | undefined): void {
  if (index === undefined) advance(decision, node, 'cleanup');
  else advanceAs(decision, node, { path: taskPath(node, index), scope: 'cleanup' });
}
