import { unreachable } from '../../core/index.ts';
import type { RunReport } from './types.ts';

/** What a person may want to type now; the most useful first. */
export function nextCommands(report: RunReport): readonly string[] {
  const run = report.runId;
  switch (report.state) {
    case 'succeeded':
      return report.rehearsal
        ? [`slipway plan ${report.runbook} --out plan.json`, `slipway rehearse ${report.runbook} --fail <step>`]
        : [`slipway status ${run}`];
    case 'failed':
      return [...failedLogs(report), retryOf(report), `slipway rollback ${run} --reason "<why>"`];
    case 'rollbackFailed':
      return [...failedLogs(report), `slipway status ${run}`];
    case 'attention':
      return report.attention.map(({ path }) =>
        isResolvable(report, path) ? `slipway resolve ${run} ${path} --as retry|done|failed${hostsOf(report, path)}` : `slipway watch ${run}`,
      );
    case 'paused':
      return [`slipway resume ${run}`];
    case 'cancelled':
      return [`slipway status ${run}`, retryOf(report), `slipway rollback ${run} --reason "<why>"`];
    case 'rolledBack':
      return [...failedLogs(report), `slipway status ${run}`];
    case 'queued':
    case 'waiting':
    case 'running':
    case 'cancelling':
    case 'rollingBack':
      return [...waitingFor(report), `slipway watch ${run}`];
    default:
      return unreachable(report.state);
  }
}

/** What goes on, or waits in the queue of a worker, is not a person's to settle. */
function isResolvable({ tasks }: RunReport, path: string): boolean {
  return tasks.find((task) => task.path === path)?.state !== 'running';
}

/** What ended well is not done again, and with hosts neither are those that did. */
function retryOf({ runId, tasks }: RunReport): string {
  const isOnHosts = tasks.some(({ hosts, state }) => hosts.unwell.size > 0 && state !== 'ok' && state !== 'changed');
  return `slipway retry ${runId}${isOnHosts ? ' --hosts failed,unreachable,never-reached' : ''}`;
}

/** On hosts, only those that need a person. */
function hostsOf({ tasks }: RunReport, path: string): string {
  const hosts = tasks.find((task) => task.path === path)?.hosts;
  return hosts !== undefined && hosts.states.size > 1 ? ' --hosts in-doubt|failed|<pattern>' : '';
}

function failedLogs(report: RunReport): readonly string[] {
  const failed = report.tasks.find((task) => task.error !== undefined && task.state !== 'cancelled');
  return failed === undefined ? [] : [`slipway logs ${report.runId} ${failed.path}`];
}

function waitingFor(report: RunReport): readonly string[] {
  return report.tasks.flatMap((task) => {
    if (task.state !== 'waiting') return [];
    if (task.wait?.type === 'gate') return [`slipway approve ${report.runId} ${task.path}`];
    return task.wait?.type === 'signal' ? [`slipway signal ${report.runId} ${task.wait.name}`] : [];
  });
}
