import type { PlanNode } from '../../../plan/index.ts';
import type { StartAction, Action } from '../../actions.ts';
import type { EventBody } from '../../events.ts';
import type { Work } from '../contract.ts';
import { zoneOfStep } from '../routing.ts';
import type { Ended } from './hands.ts';
import type { Pickup } from './pickup.ts';
import { graphOf, heartbeatOf, longestMs, nodeOf, type RunContext, type Stop, stopped } from './run-context.ts';

export type ProbeAction = Extract<Action, { type: 'probe' }>;
type Probed = Omit<Extract<EventBody, { type: 'stepProbed' }>, 'type' | 'path' | 'attempt'>;

/** One thing a run has under way. */
export interface Flying {
  /** Have it end; it ends in its own time. */
  readonly stop: (why: Stop) => void;
}

/** One attempt of a step that acts once. Its intent is recorded already. */
export function flyAttempt(context: RunContext, pickup: Pickup, { action, over }: { readonly action: StartAction; readonly over: () => void }): Flying {
  const { path, attempt } = action;
  const began = Date.now();
  let why: Stop | undefined;
  const cancel = pickup.start({ name: 'execute', argument: workOf(context, action), id: `${path}#${attempt}`, path, ...placeOf(context, action) }, (end) => {
    over();
    context.book.record(eventOf(end, { path, attempt, began, why }));
  });
  return {
    stop: (reason) => {
      if (why) return;
      why = reason;
      cancel();
    },
  };
}

type Executed = Ended<{ readonly result: Extract<EventBody, { type: 'stepFinished' }>['result']; readonly durationMs: number }>;

function eventOf(end: Executed, { path, attempt, began, why }: { path: string; attempt: number; began: number; why: Stop | undefined }): EventBody {
  if (end.how === 'lost' || end.how === 'unpicked' || end.how === 'unlocked') return { type: 'stepInDoubt', path, attempt };
  if (end.how === 'cancelled') {
    const result = stopped(why ?? { reason: 'cancelled by the server', isTimeout: false });
    return { type: 'stepFinished', path, attempt, result, durationMs: Date.now() - began };
  }
  const { result, durationMs } = end.value;
  // The worker knows that it was told to stop, and not why.
  return { type: 'stepFinished', path, attempt, durationMs, result: result.state === 'cancelled' && why ? stopped(why) : result };
}

/** A look whether an attempt in doubt took effect. What cannot look is asked again: the brain still wants to know. */
export function flyProbe(context: RunContext, pickup: Pickup, { action, over }: { readonly action: ProbeAction; readonly over: () => void }): Flying {
  const { path, attempt } = action;
  const then = (end: Ended<Probed>): void => {
    over();
    if (end.how === 'done') context.book.record({ type: 'stepProbed', path, attempt, ...end.value });
  };
  const argument = workOf(context, { ...action, ledger: {} });
  return { stop: pickup.start({ name: 'probe', argument, id: `probe ${path}#${attempt}`, path, ...placeOf(context, action) }, then) };
}

function placeOf(context: RunContext, action: Pick<StartAction, 'node' | 'with' | 'timeoutMs'>) {
  const node = nodeOf(context, action.node);
  return {
    zone: zoneOfStep(graphOf(context), { phase: node?.phase ?? '', with: action.with }),
    heartbeatMs: heartbeatOf(context, node),
    longestMs: longestMs(action.timeoutMs),
  };
}

export function mayRepeat(node: PlanNode | undefined): boolean {
  return node?.idempotency === 'safe' || node?.idempotency === 'keyed';
}

export function workOf(context: RunContext, action: Omit<StartAction, 'type' | 'scope'>): Work {
  const { path, attempt, uses, with: input, key, timeoutMs, ledger, heartbeatMs, hosts } = action;
  const node = nodeOf(context, action.node);
  return {
    runId: context.book.data.runId,
    secrets: context.book.freshSecrets(),
    heartbeatMs: heartbeatOf(context, node),
    task: {
      ...{ path, attempt, uses, with: input, key, timeoutMs, ledger },
      repeatable: mayRepeat(node),
      probes: node?.idempotency === 'probe',
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      ...(hosts === undefined ? {} : { hosts }),
    },
  };
}
