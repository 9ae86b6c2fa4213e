import { messageOf, unreachable } from '../../core/pure.ts';
import type { PlanNode } from '../../plan/index.ts';
import type { Gate, Wait } from '../../steps/index.ts';
import type { StepFailure, StepResult } from '../events.ts';
import type { Task } from '../state.ts';
import type { Decision } from './context.ts';
import { tally } from './gate.ts';
import { isControl } from './kind-of.ts';

/** Work out what a control task waits for, or end it when it does not wait at all. */
export function startControl(decision: Decision, node: PlanNode, task: Task): void {
  const kind = decision.kindOf(node.uses);
  if (kind?.target !== 'control') return;
  const parsed = kind.with.safeParse(task.with);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    return end(
      decision,
      task,
      failure({ code: 'BAD_INPUT', message: `with.${first?.path.join('.') ?? ''}: ${first?.message ?? 'not understood'}`, retry: 'never' }),
    );
  }
  let wait: Wait;
  try {
    wait = kind.wait(parsed.data, task.attemptAt ?? decision.now);
  } catch (cause) {
    return end(decision, task, failure({ code: 'BAD_INPUT', message: messageOf(cause), retry: 'never' }));
  }
  if (wait.type === 'branch') return end(decision, task, { state: 'ok', outputs: { branch: wait.branch } });
  decision.actions.push({ type: 'record', event: { type: 'stepWaiting', path: task.path, wait } });
}

/** See whether what a task waits for has come. */
export function decideWait(decision: Decision, task: Task): void {
  const { wait } = task;
  if (!wait) return;
  switch (wait.type) {
    case 'timer':
      if (decision.now >= wait.until) return end(decision, task, { state: 'ok', outputs: {} });
      decision.actions.push({ type: 'timer', timer: `wait ${task.path}`, at: wait.until });
      return;
    case 'signal':
      return signal(decision, task, wait);
    case 'gate':
      return gate(decision, task, wait.gate);
    case 'call':
      return call(decision, task, wait);
    default:
      return unreachable(wait);
  }
}

function signal(decision: Decision, task: Task, wait: Extract<Wait, { type: 'signal' }>): void {
  const { data, now } = decision;
  const { deadline = Infinity } = wait;
  const taken = takenSignals(decision);
  // Signals are kept: one that came before anybody waited is not lost. One that came too late does not count.
  const found = data.signals.find(({ id, name, at }) => name === wait.name && at <= deadline && !taken.has(id));
  if (found)
    return end(decision, task, { state: 'ok', outputs: { signal: found.id, payload: found.payload, by: found.by }, summary: `signal from ${found.by}` });
  if (deadline === Infinity) return;
  if (now >= deadline)
    return end(decision, task, { state: 'timedOut', error: { code: 'SIGNAL_TIMEOUT', message: `no signal "${wait.name}" came in time`, retry: 'never' } });
  decision.actions.push({ type: 'timer', timer: `wait ${task.path}`, at: deadline });
}

/** Signals that steps have taken, also earlier in this decision: each ends one wait. */
function takenSignals(decision: Decision): ReadonlySet<unknown> {
  const before = [...decision.data.tasks.values()].flatMap((task) => (isControl(decision, task) ? [task.outputs['signal']] : []));
  const now = decision.actions.flatMap((action) =>
    action.type === 'record' && action.event.type === 'stepFinished' && 'outputs' in action.event.result ? [action.event.result.outputs['signal']] : [],
  );
  return new Set([...before, ...now]);
}

function gate(decision: Decision, task: Task, rule: Gate): void {
  const { data, now } = decision;
  const close = (outcome: 'approved' | 'rejected' | 'timedOut' | 'autoGranted', result: StepResult): void => {
    decision.actions.push({ type: 'record', event: { type: 'gateClosed', path: task.path, outcome, gate: rule } });
    end(decision, task, result);
  };
  if (data.created?.rehearsal === true) {
    return close('autoGranted', { state: 'ok', outputs: { outcome: 'autoGranted', voters: [] }, summary: 'granted by the rehearsal; a real run asks people' });
  }
  const { rejectedBy, approvers, isOpen } = tally(rule, task.votes, { created: data.created, planDigest: data.created?.planDigest ?? '' });
  if (rejectedBy !== undefined) return close('rejected', failure({ code: 'APPROVAL_DENIED', message: `rejected by ${rejectedBy}`, retry: 'never' }));
  if (isOpen) return close('approved', { state: 'ok', outputs: { outcome: 'approved', voters: approvers }, summary: `approved by ${approvers.join(', ')}` });
  if (rule.deadline === undefined) return;
  if (now < rule.deadline) decision.actions.push({ type: 'timer', timer: `gate ${task.path}`, at: rule.deadline });
  else if (rule.onTimeout !== 'escalate')
    close('timedOut', { state: 'timedOut', error: { code: 'APPROVAL_TIMEOUT', message: 'nobody decided in time', retry: 'never' } });
  else if (!data.attention.has(task.path)) {
    decision.actions.push({
      type: 'record',
      event: {
        type: 'attentionRaised',
        path: task.path,
        reason: 'the approval is overdue',
        hint: `run "slipway approve ${data.runId}" or "slipway reject ${data.runId}"`,
      },
    });
  }
}

function call(decision: Decision, task: Task, wait: Extract<Wait, { type: 'call' }>): void {
  if (!task.child) return askCall(decision, task);
  if (task.child.state === 'succeeded') return end(decision, task, { state: 'changed', outputs: task.child.outputs, summary: `${wait.runbook} succeeded` });
  end(decision, task, failure({ code: 'CALL_FAILED', message: `the called runbook "${wait.runbook}" ended ${task.child.state}`, retry: 'never' }));
}

/** Have the called runbook driven. */
export function askCall(decision: Decision, { path, attempt, wait }: Task): void {
  if (wait?.type === 'call') decision.actions.push({ type: 'call', path, attempt, runbook: wait.runbook, inputs: wait.inputs });
}

function failure(error: StepFailure): StepResult {
  return { state: 'failed', error };
}

function end(decision: Decision, task: Task, result: StepResult): void {
  const durationMs = Math.max(0, decision.now - (task.attemptAt ?? decision.now));
  decision.actions.push({ type: 'record', event: { type: 'stepFinished', path: task.path, attempt: task.attempt, result, durationMs } });
}
