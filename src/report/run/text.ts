import { formatDuration } from '../../core/index.ts';
import { clean } from '../clean.ts';
import { type AnalysisCheck, verdictTable } from '../verdict/index.ts';
import { runReport } from './fold.ts';
import { unwellLines } from './host-board.ts';
import { nextCommands } from './next.ts';
import { queueWords, rollbackSentence, verdictSentences } from './sentences.ts';
import type { Facts, PhaseReport, RunReport, TaskReport } from './types.ts';
import { column, instant, isRunState, isUndo, mark, paintRun, phaseWords, plainStyle, runWords, spent, type Style, taskName, taskWords } from './words.ts';

/** Of a step; all of them are in the JSON. */
const MOST_UNWELL = 50;

/** How to write, and what the events do not say. */
export interface TextOptions {
  readonly style?: Style;
  /** Milliseconds since the epoch; a run that goes on has taken so long until now. The time of the last event unless told. */
  readonly now?: number;
  /** Where the journal is, for people. */
  readonly journal?: string;
  /** Its verdicts, computed again. */
  readonly analyses?: readonly AnalysisCheck[];
}

/** Everything about one run: phases, steps, hosts that did not do well, votes, and what the summary says. */
export function runText(facts: Facts, options: TextOptions = {}): string {
  const report = reportOf(facts);
  const { style = plainStyle, now = report.updatedAt } = options;
  const shown = new Set<TaskReport>();
  const lines = [
    `${style.bold(report.runId)}  ${report.runbook}${report.rehearsal ? ' (rehearsal)' : ''}`,
    `  by ${report.actor} at ${instant(report.createdAt)}, plan ${report.planDigest ?? 'unknown'}`,
    '',
    ...report.phases.flatMap((phase) => {
      const tasks = report.tasks.filter((task) => task.node?.phase === phase.id && !isUndo(task));
      for (const task of tasks) shown.add(task);
      return [phaseLine(phase, now, style), ...tasks.flatMap((task) => taskLines(task, now, style))];
    }),
    ...undoLines(report, shown, now, style),
    ...voteLines(report),
    ...(options.analyses ?? []).flatMap(({ path, verdict, differences }) => analysisLines(path, { verdict, differences }, style)),
  ];
  return `${lines.join('\n')}\n\n${summaryText(facts, options)}`;
}

/** The end of a run in a few lines: phases with durations, the dual-run verdict, the rollback, the journal, what to type next. */
export function summaryText(facts: Facts, options: TextOptions = {}): string {
  const report = reportOf(facts);
  const { style = plainStyle, now = report.updatedAt } = options;
  const title = `${report.runbook}${report.rehearsal ? ' (rehearsal)' : ''} ${runWords(report.state)}`;
  const rollback = rollbackSentence(report, now);
  const blocks = [
    [`${paintRun(report.state, style.bold(title), style)} after ${formatDuration((report.finishedAt ?? now) - report.createdAt)}`, ...reasonLines(report)],
    report.phases.filter((phase) => phase.state !== 'pending').map((phase) => summaryLine(phase, report, now)),
    [
      ...verdictSentences(report).map((sentence) => `dual run: ${sentence}`),
      ...(rollback === undefined ? [] : [`rollback: ${rollback}`]),
      ...(report.queue === undefined ? [] : [`${queueWords(report.queue)}, for ${formatDuration(now - report.queue.since)}`]),
      ...report.attention.map(({ path, reason, hint }) => `attention: ${path}: ${reason} (${hint})`),
      `journal: ${options.journal === undefined ? '' : `${options.journal}, `}run ${report.runId}, ${report.events} events, head ${report.head ?? 'none'}`,
      `verify: slipway journal verify ${report.runId}`,
      ...nextCommands(report).map((command, index) => `${index === 0 ? 'next:   ' : '        '}${command}`),
    ],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

/** The fold, with the state the journal's own summary has: it also knows of waiting for a lock or a lease. */
export function reportOf(facts: Facts): RunReport {
  const report = runReport(facts.events);
  const state = isRunState(facts.row.state) ? facts.row.state : report.state;
  return { ...report, runId: facts.row.id, runbook: report.runbook || facts.row.runbook, state };
}
function phaseLine(phase: PhaseReport, now: number, style: Style): string {
  return `${style.bold(column(phase.id, 20))} ${phaseWords(phase)}${phase.startedAt === undefined ? '' : style.dim(`  ${spent(phase, now)}`)}`;
}

function taskLines(task: TaskReport, now: number, style: Style): readonly string[] {
  const head = `  ${mark(task.state, style)} ${column(taskName(task), 28)} ${column(taskWords(task), 44)}  ${style.dim(spent(task, now))}`.trimEnd();
  return [head, ...unwellLines(task.hosts, MOST_UNWELL), ...(task.error?.hint === undefined ? [] : [`      ${style.dim(`hint: ${task.error.hint}`)}`])];
}

/** Tasks of a rollback, and those of phases this plan does not name. */
function undoLines(report: RunReport, shown: ReadonlySet<TaskReport>, now: number, style: Style): readonly string[] {
  const rest = report.tasks.filter((task) => !shown.has(task));
  return rest.length === 0 ? [] : ['', style.bold('rollback'), ...rest.flatMap((task) => taskLines(task, now, style))];
}

function voteLines(report: RunReport): readonly string[] {
  if (report.votes.length === 0) return [];
  const words = report.votes.map(({ voter, decision, path, at, reason }) => {
    return `  ${voter} ${decision === 'approve' ? 'approved' : 'rejected'} ${path} at ${instant(at)}${reason === undefined ? '' : `: ${reason}`}`;
  });
  return ['', 'votes', ...words];
}

function analysisLines(
  path: string,
  { verdict, differences }: Pick<AnalysisCheck, 'differences'> & { readonly verdict: AnalysisCheck['verdict'] },
  style: Style,
) {
  const table = verdict ? verdictTable(verdict) : [];
  return [
    '',
    style.bold(path),
    ...table.map((line) => (line === '' ? '' : `  ${line}`)),
    ...differences.map((each) => `  ${style.bad(`not what was recorded: ${clean(each)}`)}`),
  ];
}

function reasonLines(report: RunReport): readonly string[] {
  return report.reason === undefined ? [] : [`reason: ${report.reason}`];
}

function summaryLine(phase: PhaseReport, report: RunReport, now: number): string {
  const tasks = report.tasks.filter((task) => task.node?.phase === phase.id && !isUndo(task));
  const changed = tasks.filter((task) => task.state === 'changed').length;
  const words = `${tasks.length} step${tasks.length === 1 ? '' : 's'}${changed === 0 ? '' : `, ${changed} changed`}`;
  return `  ${column(phase.id, 18)} ${column(phaseWords(phase), 10)} ${column(spent(phase, now), 10)} ${words}`.trimEnd();
}
