import type { Action } from './actions.ts';
import { decideCancel } from './decide/cancel.ts';
import { decisionOf, type FactsOf } from './decide/context.ts';
import { decideForward } from './decide/forward.ts';
import { decideLimits } from './decide/limits.ts';
import { decideRollback } from './decide/rollback.ts';
import type { RunData } from './state.ts';

/** What a driver can do beyond running one step at a time on its hosts. */
export interface DriverSkills {
  /** It follows each host from one step of a chain to the next (`hostFirst`); without this, a step begins when the one before is over. */
  readonly hostFirst?: boolean;
}

/**
 * Say what should be going on now. Pure and level-triggered: the same state and time give the same actions, and asking
 * again before an event has changed the state says the same again.
 *
 * @param now milliseconds since the epoch; waits, windows, deadlines and retries are measured against it.
 */
export function decide(data: RunData, now: number, kindOf: FactsOf, { hostFirst = false }: DriverSkills = {}): readonly Action[] {
  const { created } = data;
  if (!created || data.finished || data.startedAt === undefined) return [];
  const decision = decisionOf(data, created.graph, { now, kindOf, hostFirst });
  if (data.rollback) decideRollback(decision);
  else if (data.cancel) decideCancel(decision);
  else {
    decideLimits(decision);
    // A limit that was passed changes the course first; what follows from it is decided after its event.
    if (!decision.actions.some(({ type }) => type === 'record')) decideForward(decision);
  }
  return decision.actions;
}
