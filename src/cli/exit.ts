import { EXIT, type ExitCode, unreachable } from '../core/index.ts';
import type { RunReport } from '../report/index.ts';

/** The exit code that says how a run stands. */
export function exitOfRun(report: Pick<RunReport, 'state' | 'tasks'>): ExitCode {
  const { state } = report;
  switch (state) {
    case 'succeeded':
    case 'paused':
    case 'queued':
    case 'running':
    case 'cancelling':
    case 'rollingBack':
      return EXIT.ok;
    case 'waiting':
      return waitsForVotes(report) ? EXIT.approvalMissing : EXIT.ok;
    case 'attention':
      return EXIT.error;
    case 'failed':
      return onlyTimedOut(report) ? EXIT.timedOut : EXIT.error;
    case 'cancelled':
      return EXIT.cancelled;
    case 'rolledBack':
      return EXIT.rolledBack;
    case 'rollbackFailed':
      return EXIT.rollbackFailed;
    default:
      return unreachable(state);
  }
}

function waitsForVotes({ tasks }: Pick<RunReport, 'tasks'>): boolean {
  return tasks.some((task) => task.state === 'waiting' && task.wait?.type === 'gate');
}

function onlyTimedOut({ tasks }: Pick<RunReport, 'tasks'>): boolean {
  return tasks.some((task) => task.state === 'timedOut') && !tasks.some((task) => task.state === 'failed');
}
