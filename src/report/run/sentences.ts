import { formatDuration } from '../../core/index.ts';
import type { QueueReport, RunReport, TaskReport } from './types.ts';
import { instant } from './words.ts';

/** What the comparison of old and new side said, one sentence per analysis. */
export function verdictSentences(report: RunReport): readonly string[] {
  return report.tasks.filter(isVerdict).map((task) => task.summary ?? task.error?.message ?? '');
}

function isVerdict(task: TaskReport): boolean {
  return task.node?.uses === 'analysis' && (task.summary !== undefined || task.error !== undefined);
}

/** What a rollback did to the traffic and how long it took; undefined when there was none. */
export function rollbackSentence(report: RunReport, now: number): string | undefined {
  const { rollback } = report;
  if (rollback === undefined) return undefined;
  const since = (at: number) => formatDuration(at - rollback.requestedAt);
  const total = since(rollback.finishedAt ?? now);
  const budget = report.graph?.rollback.budgetMs;
  const took = `${rollback.finishedAt === undefined ? 'going on for' : 'took'} ${total}${budget === undefined ? '' : ` of the ${formatDuration(budget)} allowed`}`;
  return `${rollback.trigger} (${rollback.reason}); it ${took}; ${trafficWords(report, since)}`;
}

function trafficWords(report: RunReport, since: (at: number) => string): string {
  const { rollback } = report;
  const moves = report.tasks.filter((task) => task.node?.order === 'traffic' && task.node.role === 'compensate' && task.attempts > 0);
  const served = servedWords(report);
  if (moves.length === 0)
    return report.rollbackOf === undefined ? `traffic had not moved, the old side served all the time${served}` : 'no traffic had to move';
  if (moves.some((task) => task.state !== 'compensated')) return 'not all traffic is back on the old side';
  return `all traffic was back on the old side after ${since(rollback?.trafficBackAt ?? report.updatedAt)}${served}`;
}

/** Checks that a phase watches tell whether customers were served while it was undone. */
function servedWords(report: RunReport): string {
  const { rollback, graph } = report;
  const watched = graph?.phases.flatMap((phase) => phase.watch) ?? [];
  if (rollback === undefined || watched.length === 0) return '';
  const failed = report.breaches.filter((breach) => breach.at >= rollback.requestedAt && watched.some((watch) => watch.path === breach.what));
  return failed.length === 0 ? '' : `, but ${failed.map((breach) => breach.what).join(', ')} failed meanwhile`;
}

/** `waiting for hosts:web, held by run-… (user:ada) since …; place 1`. */
export function queueWords({ group, behind, lock }: Omit<QueueReport, 'since'>): string {
  if (!lock) return `waiting for ${behind.length === 0 ? 'another run' : behind.join(', ')} of group ${group}`;
  const { heldBy, position } = lock;
  const held = heldBy ? `, held by ${heldBy.runId} (${heldBy.holder}) since ${instant(heldBy.since)}` : '';
  return `waiting for ${lock.lock}${held}; place ${position} in its queue`;
}
