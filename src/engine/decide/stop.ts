import type { Task } from '../state.ts';
import type { Decision } from './context.ts';
import { isControl } from './kind-of.ts';
import { record } from './task.ts';
import { askCall } from './wait.ts';

/** Abort what is under way and end what waits. */
export function stopAll(decision: Decision, reason: string): void {
  stopWaits(decision, reason);
  for (const task of forwardTasks(decision)) {
    if (!isUnderWay(decision, task)) continue;
    // Also after a crash: whoever cancels a call has to know that it goes on.
    if (task.state === 'waiting') askCall(decision, task);
    decision.actions.push({ type: 'cancel', path: task.path, attempt: task.attempt, reason });
  }
}

/** End what only waits: nothing is lost by that. A called runbook does something. */
export function stopWaits(decision: Decision, reason: string): void {
  for (const task of forwardTasks(decision)) {
    const isIdle = task.state === 'waiting' || (task.state === 'running' && isControl(decision, task));
    if (!isIdle || isUnderWay(decision, task)) continue;
    const durationMs = Math.max(0, decision.now - (task.attemptAt ?? decision.now));
    const error = { code: 'CANCELLED', message: reason, retry: 'never' } as const;
    record(decision, { type: 'stepFinished', path: task.path, attempt: task.attempt, durationMs, result: { state: 'cancelled', error } });
  }
}

/** Has it an effect that goes on? A called runbook has until its end is known. */
export function isUnderWay(decision: Decision, task: Task): boolean {
  if (task.state === 'waiting') return task.wait?.type === 'call' && task.child === undefined;
  return task.state === 'running' && !isControl(decision, task);
}

/** Nothing of the way forward is under way any more. What a crash left in doubt is not. */
export function isQuiet(decision: Decision): boolean {
  return forwardTasks(decision).every(({ state }) => state !== 'running' && state !== 'waiting');
}

/** Tasks of the way forward, without the ends of steps and phases. */
export function forwardTasks({ data, graph, index }: Decision): readonly Task[] {
  return [...data.tasks.values()].filter(({ node }) => {
    const role = graph.nodes[node]?.role;
    return (role === 'step' || role === 'case' || role === 'rescue') && !index.inRollback.has(node);
  });
}
