import { sha256 } from '../../core/pure.ts';
import type { PlanNode, RetryRule } from '../../plan/index.ts';
import type { Task } from '../state.ts';

/** May this task, whose last attempt failed, be tried again? The next attempt must begin within every limit over all attempts. */
export function mayRetry(task: Task, node: PlanNode): boolean {
  if (task.state !== 'failed' && task.state !== 'timedOut') return false;
  const { retry, deadlineMs } = node;
  if (task.givenUp || !task.error || tries(task) >= retry.attempts || !isRetryable(task.error, retry) || isUnknown(task, node)) return false;
  const limit = Math.min(retry.maxElapsedMs ?? Infinity, deadlineMs ?? Infinity);
  if (limit === Infinity) return true;
  return retryAt(task, node) - (task.firstStartedAt ?? 0) < limit;
}

/** When the next attempt begins, in milliseconds since the epoch. */
export function retryAt(task: Task, node: PlanNode): number {
  return (task.finishedAt ?? 0) + backoffMs(task, node.retry);
}

/** Nobody knows what an aborted attempt did; what must not be repeated is repeated only when its rule names the code. */
function isUnknown({ state, error }: Task, { idempotency, retry }: PlanNode): boolean {
  return idempotency === 'manual' && state === 'timedOut' && !(retry.on?.includes(error?.code ?? '') ?? false);
}

/** Attempts that ended by themselves. */
export function tries(task: Task): number {
  return task.attempt - task.lost;
}

function isRetryable({ code, retry: advice }: NonNullable<Task['error']>, rule: RetryRule): boolean {
  if (rule.except.includes(code)) return false;
  if (rule.on) return rule.on.includes(code);
  return advice === 'afterBackoff' || code === 'TIMED_OUT' || code === 'SSH_EXIT' || code === 'CHECK_FAILED';
}

/**
 * Time to wait before the next attempt, in milliseconds: initial × factor^(n−1), capped, with jitter that depends only on
 * the key of the task and the attempt, so that a replay decides the same.
 */
export function backoffMs(task: Task, { initialMs, factor, maxMs, jitter }: RetryRule): number {
  const full = Math.min(maxMs, initialMs * factor ** Math.max(0, tries(task) - 1));
  if (jitter === 'none') return Math.round(full);
  const chance = fractionOf(`${task.key}#${task.attempt}`);
  return Math.round(jitter === 'full' ? full * chance : full / 2 + (full / 2) * chance);
}

function fractionOf(text: string): number {
  return (sha256(text)[0] ?? 0) / 2 ** 32;
}
