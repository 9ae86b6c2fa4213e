import type { PlanGraph, PlanNode } from '../../../plan/index.ts';
import type { EventBody, StepResult } from '../../events.ts';
import type { Rules, RunStart } from '../contract.ts';
import type { Book } from './book.ts';
import type { Hands } from './hands.ts';
import type { Inbox } from './inbox.ts';
import type { Keeping } from './keeping.ts';

/** What the parts of a run inside its workflow share. */
export interface RunContext {
  readonly start: RunStart;
  readonly rules: Rules;
  readonly book: Book;
  readonly inbox: Inbox;
  readonly hands: Hands;
  readonly keeping: Keeping;
}

export function graphOf({ book }: RunContext): PlanGraph {
  const graph = book.data.created?.graph;
  if (!graph) throw new TypeError(`${book.data.runId} has no beginning`); // openRun gives the first event first
  return graph;
}

export function nodeOf(context: RunContext, path: string): PlanNode | undefined {
  return graphOf(context).nodes[path];
}

/** Why the brain wants an attempt to end. */
export interface Stop {
  readonly reason: string;
  readonly isTimeout: boolean;
}

/** How an attempt ended that was stopped, in the same words as on one machine. */
export function stopped({ reason, isTimeout }: Stop): Extract<StepResult, { error: object }> {
  if (isTimeout) return { state: 'timedOut', error: { code: 'TIMED_OUT', message: reason, retry: 'afterBackoff' } };
  return { state: 'cancelled', error: { code: 'CANCELLED', message: reason, retry: 'never' } };
}

export function recordAll({ book }: RunContext, bodies: readonly EventBody[]): void {
  for (const body of bodies) book.record(body);
}

/** Grace that a worker gives an effect to end after its time is over, and the way there and back. */
const GRACE_MS = 120_000;
/** Effects without a limit of their own. */
const LONGEST_MS = 365 * 86_400_000;

/** How long an activity may take at most; the limit of the attempt itself is kept by the worker and comes earlier. */
export function longestMs(timeoutMs: number): number {
  return timeoutMs === 0 ? LONGEST_MS : timeoutMs + GRACE_MS;
}

export function heartbeatOf({ rules }: RunContext, node: PlanNode | undefined): number {
  return node?.idempotency === 'manual' ? rules.patientHeartbeatMs : rules.heartbeatMs;
}
