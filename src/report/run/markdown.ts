import { formatDuration } from '../../core/index.ts';
import { type AnalysisCheck, verdictMarkdown } from '../verdict/index.ts';
import { rollbackSentence, verdictSentences } from './sentences.ts';
import { reportOf } from './text.ts';
import type { Facts, RunReport, TaskReport } from './types.ts';
import { instant, isUndo, phaseWords, runWords, spent, taskName, taskWords } from './words.ts';

/** One run as Markdown, for comments and evidence. Text from outside is escaped and cannot become markup or a mention. */
export function runMarkdown(facts: Facts, analyses: readonly AnalysisCheck[] = []): string {
  const report = reportOf(facts);
  const now = report.updatedAt;
  const rollback = rollbackSentence(report, now);
  const blocks = [
    `### ${cell(report.runbook)}${report.rehearsal ? ' (rehearsal)' : ''} ${runWords(report.state)} after ${formatDuration((report.finishedAt ?? now) - report.createdAt)}`,
    `Run \`${report.runId}\` by ${cell(report.actor)} at ${instant(report.createdAt)}, plan \`${report.planDigest ?? 'unknown'}\`.`,
    report.reason === undefined ? '' : `Reason: ${cell(report.reason)}`,
    phaseTable(report, now),
    ...verdictSentences(report).map((sentence) => `**Dual run:** ${cell(sentence)}`),
    ...analyses.flatMap(({ verdict }) => (verdict ? [verdictMarkdown(verdict)] : [])),
    rollback === undefined ? '' : `**Rollback:** ${cell(rollback)}`,
    ...failures(report),
    `Journal: ${report.events} events, head \`${report.head ?? 'none'}\`.`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function phaseTable(report: RunReport, now: number): string {
  const rows = report.phases.map((phase) => {
    const tasks = report.tasks.filter((task) => task.node?.phase === phase.id && !isUndo(task));
    return `| ${cell(phase.id)} | ${phaseWords(phase)} | ${spent(phase, now)} | ${tasks.length} |`;
  });
  return ['| phase | state | time | steps |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function failures(report: RunReport): readonly string[] {
  const failed = report.tasks.filter((task) => task.error !== undefined);
  return failed.length === 0 ? [] : [failed.map(failureLine).join('\n')];
}

function failureLine(task: TaskReport): string {
  const hint = task.error?.hint === undefined ? '' : ` (${cell(task.error.hint)})`;
  return `- ${cell(taskName(task))}: ${cell(taskWords(task))}${hint}`;
}

/** Text that stays text inside a table: no markup, no HTML, no mention, one line. */
function cell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]|~#!]/g, String.raw`\$&`)
    .replaceAll('@', '@\u200B');
}
