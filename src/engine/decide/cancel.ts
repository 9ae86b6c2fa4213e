import type { Decision } from './context.ts';
import { finishFinally, stopAll } from './forward.ts';
import { record } from './task.ts';

/** Nothing of the way forward is under way any more. */
export function isQuiet({ data, graph }: Decision): boolean {
  return [...data.tasks.values()].every((task) => {
    const role = graph.nodes[task.node]?.role;
    return role === 'compensate' || role === 'rollback' || role === 'finally' || !(task.state === 'running' || task.state === 'waiting');
  });
}

/** Stop what is under way, then run what must run at the end of the phase. @returns whether all of that is over. */
export function windDown(decision: Decision, reason: string): boolean {
  stopAll(decision, reason);
  if (!isQuiet(decision)) return false;
  const { data, graph } = decision;
  for (const phase of graph.phases) {
    const state = data.phases.get(phase.id)?.state;
    if (state !== 'running') continue;
    if (!stepFinals(decision, phase.id) || !finishFinally(decision, phase.id)) return false;
    record(decision, { type: 'phaseFinished', phase: phase.id, state: 'cancelled' });
    return false;
  }
  return true;
}

/** `finally` of steps that had begun. @returns whether all are over. */
function stepFinals(decision: Decision, phase: string): boolean {
  const begun = (decision.index.body.get(phase) ?? []).filter(({ path, role }) => role !== 'finally' && decision.data.tasks.has(path));
  return begun.map(({ path }) => finishFinally(decision, path)).every(Boolean);
}

/** A cancelled run stops cleanly and undoes nothing; `slipway rollback` does that. */
export function decideCancel(decision: Decision): void {
  const { reason = '', by = '' } = decision.data.cancel ?? {};
  if (windDown(decision, `cancelled by ${by}`))
    record(decision, { type: 'runFinished', state: 'cancelled', outputs: {}, reason: reason === '' ? `cancelled by ${by}` : reason });
}
