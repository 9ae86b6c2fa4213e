import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { Action } from '../../actions.ts';
import type { EventBody, RunState, StepResult } from '../../events.ts';
import { isTerminal } from '../../view.ts';
import { type ChildTold, PARENT_SIGNAL } from '../contract.ts';
import { clerk } from './clerk.ts';
import type { Flying } from './attempts.ts';
import { type RunContext, type Stop, stopped } from './run-context.ts';

type CallAction = Extract<Action, { type: 'call' }>;

/** A called run: a run of its own that tells its caller how it stands, so that a caller which continues as new does not lose it. */
export interface Call extends Flying {
  readonly told: (child: ChildTold) => void;
}

export function flyCall(context: RunContext, { action, over }: { readonly action: CallAction; readonly over: () => void }): Call {
  const { path, attempt, runbook, inputs } = action;
  const { runId } = context.book.data;
  const state: { child?: string; why?: Stop; isOver: boolean } = { isOver: false };
  const finish = (event: EventBody): void => {
    if (state.isOver) return;
    state.isOver = true;
    over();
    context.book.record(event);
  };
  const end = (child: Omit<ChildTold, 'path'>): void => finish(endOf(child, { path, attempt }));
  const stopChild = (): void => {
    if (state.child !== undefined) void askToStop(state.child, runId);
  };
  const started = (answer: Awaited<ReturnType<typeof clerk.callRun>>): void => {
    if ('failed' in answer) return finish({ type: 'stepFinished', path, attempt, durationMs: 0, result: state.why ? stopped(state.why) : answer.failed });
    state.child = answer.runId;
    if (answer.end) end({ runId: answer.runId, ...answer.end });
    else if (state.why) stopChild();
  };
  void clerk.callRun({ runId, path, runbook, inputs }).then(
    (answer) => context.inbox.put(() => started(answer)),
    (cause: unknown) => context.inbox.put(() => finish({ type: 'stepFinished', path, attempt, durationMs: 0, result: unstartable(cause) })),
  );
  return {
    stop: (why) => {
      if (state.why) return;
      state.why = why;
      stopChild();
    },
    told: end,
  };
}

/** A run that is gone has nothing to stop any more. */
async function askToStop(child: string, caller: string): Promise<void> {
  await getExternalWorkflowHandle(child)
    .signal(PARENT_SIGNAL, { type: 'cancelRequested', id: `${caller}:cancel`, by: 'system', reason: `${caller} was stopped` })
    .catch(() => undefined);
}

/** What the end of a called run means to its caller; the same words as on one machine. */
function endOf(
  { runId, state, outputs, isCut = false }: Omit<ChildTold, 'path'>,
  { path, attempt }: { readonly path: string; readonly attempt: number },
): EventBody {
  if (isTerminal(state) && !isCut) return { type: 'childFinished', path, runId, state, outputs };
  return { type: 'stepFinished', path, attempt, durationMs: 0, result: isCut ? cut(runId) : waits(runId, state) };
}

function waits(runId: string, state: RunState): StepResult {
  const error = { code: 'CALL_WAITS', message: `the called run ${runId} is ${state}`, retry: 'pauseForHuman', hint: `see "slipway status ${runId}"` } as const;
  return { state: 'failed', error };
}

function cut(runId: string): StepResult {
  const hint = 'let the called runbook put out less, or write it to a file and put out its digest';
  return { state: 'failed', error: { code: 'OUTPUTS_TOO_LARGE', message: `the outputs of ${runId} are too large for its caller`, retry: 'never', hint } };
}

function unstartable(cause: unknown): StepResult {
  const message = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
  return { state: 'failed', error: { code: 'CALL_FAILED', message: `the called runbook cannot be started: ${message}`, retry: 'pauseForHuman' } };
}
