import { formatDuration } from '../../core/index.ts';
import type { EventBody, JournalEvent } from '../../engine/index.ts';
import type { Wait } from '../../steps/index.ts';
import { clean } from '../clean.ts';
import { type Folding, startFold } from './fold.ts';
import { boardWords, grouped, unwellLines } from './host-board.ts';
import { safeBody } from './safe.ts';
import { queueWords } from './sentences.ts';
import type { RunReport, TaskReport } from './types.ts';
import { column, instant, mark, paintRun, phaseWords, plainStyle, runWords, spent, type Style, taskName, taskWords } from './words.ts';

/** Hosts named when a step has ended, and lines about hosts while it goes on. */
const MOST_UNWELL = 10;
const MOST_DETAILS = 12;
const MOST_FAILED = 6;
const MOST_SLOW = 3;
/** A host is worth a line of its own from here on. */
const SLOW_MS = 5_000;
/** Where nothing is redrawn, a look now and then need not fit anywhere. */
const PLAIN_ROWS = 24;

/** A run as it goes on: lines that stay, and the ones that are true just now. */
export interface Live {
  /** Lines to add below what was said before; most events add none. */
  push(event: JournalEvent): readonly string[];
  /** What goes on at this moment, in at most so many lines; a terminal draws it again and again. */
  running(now: number, rows?: number): readonly string[];
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
    running: (now, rows = PLAIN_ROWS) => runningLines(folding.report, { now, rows, style }),
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
  if (body.type === 'attentionCleared') return style.dim(`  ${body.path} goes on by itself`);
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
  return [head, ...unwellLines(task.hosts, MOST_UNWELL), ...(task.error?.hint === undefined ? [] : [`      hint: ${task.error.hint}`])];
}

/** Short pauses are only drawn while they last; what waits for people is said once and stays. */
function waitingLine(report: RunReport, task: TaskReport, style: Style): readonly string[] {
  const { wait } = task;
  if (wait === undefined || wait.type === 'timer' || wait.type === 'call') return [];
  const command = wait.type === 'gate' ? `slipway approve ${report.runId} ${task.path}` : `slipway signal ${report.runId} ${wait.name}`;
  return [`  ${mark('waiting', style)} ${column(taskName(task), 28)} waits for ${waitWords(wait, report.updatedAt)}`, `      ${style.dim(command)}`];
}

interface Frame {
  readonly now: number;
  readonly rows: number;
  readonly style: Style;
}

/** A line for each step that goes on; what room is left is for hosts: those that failed, then the slowest. */
function runningLines(report: RunReport, { now, rows, style }: Frame): readonly string[] {
  const open = [...report.open];
  const shown = open.length > rows ? open.slice(0, Math.max(1, rows - 1)) : open;
  let room = Math.min(MOST_DETAILS, rows - shown.length - (open.length > shown.length ? 1 : 0));
  const lines = shown.flatMap((task) => {
    const details = hostLines(task, { now, rows: room, style });
    room -= details.length;
    return [runningLine(task, now, style), ...details];
  });
  return open.length > shown.length ? [...lines, `  … and ${grouped(open.length - shown.length)} more steps`].slice(0, rows) : lines;
}

function runningLine(task: TaskReport, now: number, style: Style): string {
  return `  ${mark(task.state, style)} ${column(taskName(task), 28)} ${column(doing(task, now), 40)}  ${style.dim(spent(task, now))}`.trimEnd();
}

function hostLines({ hosts }: TaskReport, { now, rows, style }: Frame): readonly string[] {
  if (rows <= 0 || hosts.states.size < 2) return [];
  const failed = unwellLines(hosts, Math.min(MOST_FAILED, rows - 1)).slice(0, rows);
  const slow: string[] = [];
  for (const [host, at] of hosts.running) {
    if (slow.length >= Math.min(MOST_SLOW, rows - failed.length)) break;
    if (now - at >= SLOW_MS) slow.push(style.dim(`      ${clean(host)}: since ${formatDuration(now - at)}`));
  }
  return [...failed.map((line) => style.bad(line)), ...slow];
}

function doing(task: TaskReport, now: number): string {
  if (task.wait !== undefined) return `waits for ${waitWords(task.wait, now)}`;
  const planned = task.node?.hosts?.names.length;
  const { ended } = task.hosts;
  if (planned === undefined || planned === 0) return task.attempts > 1 ? `attempt ${task.attempts}` : '';
  return `${grouped(ended)} of ${grouped(planned)} hosts${ended === 0 ? '' : `: ${boardWords(task.hosts, true)}`}`;
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
