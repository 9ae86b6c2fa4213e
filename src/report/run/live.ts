import { formatDuration } from '../../core/index.ts';
import type { EventBody, JournalEvent } from '../../engine/index.ts';
import type { HostState, Wait } from '../../steps/index.ts';
import { type Folding, startFold } from './fold.ts';
import { safeBody } from './safe.ts';
import { queueWords } from './sentences.ts';
import type { RunReport, TaskReport } from './types.ts';
import { column, hostWords, instant, mark, paintRun, phaseWords, plainStyle, runWords, spent, type Style, taskName, taskWords } from './words.ts';

/** A run as it goes on: lines that stay, and the ones that are true just now. */
export interface Live {
  /** Lines to add below what was said before; most events add none. */
  push(event: JournalEvent): readonly string[];
  /** What goes on at this moment; a terminal draws it again and again. */
  running(now: number): readonly string[];
  readonly report: RunReport;
}

/** Turn the events of a run into calm lines: one when a phase begins, one when a step ends, and what people must know. */
export function startLive(style: Style = plainStyle): Live {
  const folding = startFold();
  return {
    report: folding.report,
    push: (event) => {
      folding.push(event);
      return linesOf(folding, safeBody(event.body), style);
    },
    running: (now) => runningLines(folding.report, now, style),
  };
}

/** The same for a reader that needs no redrawing: a line for every event that says something. */
export async function* liveLines(events: AsyncIterable<JournalEvent>, style: Style = plainStyle): AsyncGenerator<string> {
  const live = startLive(style);
  for await (const event of events) yield* live.push(event);
}

function linesOf(folding: Folding, body: EventBody, style: Style): readonly string[] {
  const { report } = folding;
  const words = sentence(report, body, style);
  if (words !== undefined) return [words];
  if (body.type !== 'stepFinished' && body.type !== 'stepSkipped' && body.type !== 'stepWaiting' && body.type !== 'stepRetryScheduled') return [];
  const found = folding.task(body.path);
  if (found === undefined) return [];
  if (body.type === 'stepWaiting') return waitingLine(report, found, style);
  if (body.type === 'stepRetryScheduled') {
    return [`  ${mark('retrying', style)} ${column(taskName(found), 28)} will be tried again in ${formatDuration(body.at - report.updatedAt)}`];
  }
  return finishedLines(found, report.updatedAt, style);
}

/** Events that are told in words of their own. */
function sentence(report: RunReport, body: EventBody, style: Style): string | undefined {
  const phase = 'phase' in body ? report.phases.find(({ id }) => id === body.phase) : undefined;
  if (body.type === 'phaseStarted') return style.bold(`▸ ${body.phase}`);
  if (body.type === 'phaseFinished' && phase !== undefined) return style.dim(`  ${phase.id} ${phaseWords(phase)}, ${spent(phase, report.updatedAt)}`);
  if (body.type === 'runQueued') return queueWords({ behind: [], ...body });
  if (body.type === 'voteCast') return `  ${body.voter} ${body.decision === 'approve' ? 'approved' : 'rejected'} ${body.path}`;
  if (body.type === 'gateClosed') return `  ${body.path} is closed: ${body.outcome}`;
  if (body.type === 'stepInDoubt') return style.warn(`  ? ${body.path} was going on when its process died; looking what it did`);
  if (body.type === 'rollbackRequested') return style.warn(style.bold(`↩ rolling back: ${body.trigger} (${body.reason})`));
  if (body.type === 'attentionRaised') return style.bad(`  ! ${body.path} needs a person: ${body.reason} (${body.hint})`);
  if (body.type === 'watchBreached') return style.bad(`  ! ${body.path} failed ${body.failures} times: ${body.message}`);
  if (body.type === 'runFinished') return paintRun(body.state, style.bold(`${report.runbook} ${runWords(body.state)}`), style);
  return requested(body);
}

function requested(body: EventBody): string | undefined {
  if (body.type === 'cancelRequested') return `${body.by} asked to cancel; cleaning up`;
  if (body.type === 'pauseRequested') return `${body.by} asked to pause; what goes on is finished first`;
  if (body.type === 'resumeRequested') return `${body.by} asked to go on`;
  if (body.type === 'taskResolved') return `  ${body.by} settled ${body.path} as ${body.as}`;
  return body.type === 'slaBreached' ? `  ! ${body.id} took longer than agreed` : undefined;
}

function finishedLines(task: TaskReport, now: number, style: Style): readonly string[] {
  const head = `  ${mark(task.state, style)} ${column(taskName(task), 28)} ${column(taskWords(task), 40)}  ${style.dim(spent(task, now))}`.trimEnd();
  const unwell = [...task.hosts].filter(([, state]) => state === 'failed' || state === 'unreachable').map(([host, state]) => `      ${host}: ${state}`);
  return [head, ...unwell, ...(task.error?.hint === undefined ? [] : [`      hint: ${task.error.hint}`])];
}

/** Short pauses are only drawn while they last; what waits for people is said once and stays. */
function waitingLine(report: RunReport, task: TaskReport, style: Style): readonly string[] {
  const { wait } = task;
  if (wait === undefined || wait.type === 'timer' || wait.type === 'call') return [];
  const command = wait.type === 'gate' ? `slipway approve ${report.runId} ${task.path}` : `slipway signal ${report.runId} ${wait.name}`;
  return [`  ${mark('waiting', style)} ${column(taskName(task), 28)} waits for ${waitWords(wait, report.updatedAt)}`, `      ${style.dim(command)}`];
}

function runningLines(report: RunReport, now: number, style: Style): readonly string[] {
  return report.tasks
    .filter((task) => task.finishedAt === undefined && task.state !== 'skipped' && task.state !== 'pending')
    .map((task) => `  ${mark(task.state, style)} ${column(taskName(task), 28)} ${column(doing(task, now), 40)}  ${style.dim(spent(task, now))}`.trimEnd());
}

function doing(task: TaskReport, now: number): string {
  if (task.wait !== undefined) return `waits for ${waitWords(task.wait, now)}`;
  const planned = task.node?.hosts?.names.length;
  const ended = [...task.hosts.values()].filter((state): state is HostState => state !== 'running');
  if (planned === undefined || planned === 0) return task.attempts > 1 ? `attempt ${task.attempts}` : '';
  return `${ended.length} of ${planned} hosts${ended.length === 0 ? '' : `: ${hostWords(ended)}`}`;
}

function waitWords(wait: Exclude<Wait, { type: 'branch' }>, now: number): string {
  if (wait.type === 'timer') return wait.until > now ? `${formatDuration(wait.until - now)} more` : 'its time, which has come';
  if (wait.type === 'signal') return `the signal ${wait.name}${deadline(wait.deadline)}`;
  if (wait.type === 'call') return `the runbook ${wait.runbook}`;
  const { gate } = wait;
  return `${gate.required} of ${gate.approvers.join(', ')}${deadline(gate.deadline)}`;
}

function deadline(at: number | undefined): string {
  return at === undefined ? '' : ` until ${instant(at)}`;
}
