import type { PlanNode } from '../../plan/index.ts';
import { hasStarted } from '../state.ts';
import type { Decision } from './context.ts';
import { tasksOf } from './status.ts';
import { settleAll } from './tree.ts';

/** Run the `finally` nodes of a step or phase. @returns whether all are over. */
export function finishFinally(decision: Decision, owner: string): boolean {
  const status = settleAll(decision, finalsOf(decision, owner), { act: true, despiteFailures: true });
  return status === 'done' || status === 'failed';
}

/** Run the `finally` nodes of every step that had begun, also of one that was stopped half-way. @returns whether all are over. */
export function finishSteps(decision: Decision, phase: string): boolean {
  const begun = (decision.index.body.get(phase) ?? []).filter((node) => node.role !== 'finally' && tasksOf(decision, node).some(hasStarted));
  return begun.map(({ path }) => finishFinally(decision, path)).every(Boolean);
}

/** Did the `finally` of the phase end badly? */
export function isSpoilt(decision: Decision, phase: string): boolean {
  return settleAll(decision, finalsOf(decision, phase), { act: false, despiteFailures: true }) === 'failed';
}

export function finalsOf({ index }: Decision, owner: string): readonly PlanNode[] {
  return (index.owned.get(owner) ?? []).filter(({ role }) => role === 'finally');
}
