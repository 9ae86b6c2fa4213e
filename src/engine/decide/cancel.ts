import type { Decision } from './context.ts';
import { finishFinally, finishSteps } from './finals.ts';
import { isQuiet, stopAll } from './stop.ts';
import { record } from './task.ts';

/** Stop what is under way, then run what must run at the end of the phase. @returns whether all of that is over. */
export function windDown(decision: Decision, reason: string): boolean {
  stopAll(decision, reason);
  if (!isQuiet(decision)) return false;
  const { data, graph } = decision;
  for (const { id } of graph.phases) {
    if (data.phases.get(id)?.state !== 'running') continue;
    if (!finishSteps(decision, id) || !finishFinally(decision, id)) return false;
    record(decision, { type: 'phaseFinished', phase: id, state: 'cancelled' });
    return false;
  }
  return true;
}

/** A cancelled run stops cleanly and undoes nothing; `slipway rollback` does that. */
export function decideCancel(decision: Decision): void {
  const { reason = '', by = '' } = decision.data.cancel ?? {};
  if (windDown(decision, `cancelled by ${by}`))
    record(decision, { type: 'runFinished', state: 'cancelled', outputs: {}, reason: reason === '' ? `cancelled by ${by}` : reason });
}
