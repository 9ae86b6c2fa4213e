import type { JsonObject } from '../../core/index.ts';
import type { PlanNode } from '../../plan/index.ts';
import type { EventBody, HostResult, StepResult } from '../events.ts';
import type { Task } from '../state.ts';

/** Did it not end well there, or did nobody see the end? */
export function isUnsettled(result: HostResult | 'inDoubt'): boolean {
  return result === 'inDoubt' || result.state === 'failed' || result.state === 'unreachable';
}

/**
 * Before a retry: hosts that ended badly begin anew. One whose end nobody saw does so only when the step may be repeated, or when its retry rule names
 * the reason.
 */
export function forgetBad(task: Task, node: PlanNode | undefined): void {
  const isRepeatable = node?.idempotency === 'safe' || node?.idempotency === 'keyed';
  const named = (code: string | undefined): boolean => code !== undefined && (node?.retry.on?.includes(code) ?? false);
  for (const [host, result] of Object.entries(task.hosts)) {
    if (!isUnsettled(result)) continue;
    const isInDoubt = result === 'inDoubt' || result.inDoubt === true;
    const code = result === 'inDoubt' ? task.error?.code : result.error?.code;
    if (!isInDoubt || isRepeatable || named(code)) delete task.hosts[host];
  }
}

/** What a person says of one host. */
export function settleHost(task: Task, host: string, { as, by }: Extract<EventBody, { type: 'taskResolved' }>): void {
  if (as === 'retry') delete task.hosts[host];
  else if (as === 'done') task.hosts[host] = { state: 'ok', summary: `taken as done by ${by}`, durationMs: 0 };
  else task.hosts[host] = { state: 'failed', error: { code: 'GIVEN_UP', message: `taken as failed by ${by}`, retry: 'never' }, durationMs: 0 };
}

/** A result with the outputs of every host that has any result. */
export function withHosts(task: Task, result: StepResult): StepResult {
  return 'outputs' in result ? { ...result, outputs: outputsWithHosts({ ...task, outputs: result.outputs }) } : result;
}

export function outputsWithHosts({ outputs, hosts }: Pick<Task, 'outputs' | 'hosts'>): JsonObject {
  const each = Object.entries(hosts).flatMap(([host, one]) => (one === 'inDoubt' ? [] : [[host, one.outputs ?? {}] as const]));
  return { ...outputs, hosts: Object.fromEntries(each) };
}
