import { formatDuration } from '../../core/index.ts';
import type { RunState, StepState } from '../../engine/index.ts';
import { boardWords } from './host-board.ts';
import type { PhaseReport, TaskReport } from './types.ts';

/** How words look; the plain one changes nothing. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
}
const same = (text: string): string => text;
export const plainStyle: Style = { bold: same, dim: same, good: same, bad: same, warn: same };

const code = (on: number, off: number) => (text: string) => `\u001B[${on}m${text}\u001B[${off}m`;
/** Colours of a terminal. */
export const colourStyle: Style = { bold: code(1, 22), dim: code(2, 22), good: code(32, 39), bad: code(31, 39), warn: code(33, 39) };

const RUN_WORDS: { readonly [state in RunState]: string } = {
  queued: 'is queued',
  waiting: 'waits',
  running: 'is running',
  paused: 'is paused',
  attention: 'needs a person',
  cancelling: 'is being cancelled',
  cancelled: 'was cancelled',
  rollingBack: 'is rolling back',
  rolledBack: 'was rolled back',
  rollbackFailed: 'could not be rolled back completely',
  failed: 'failed',
  succeeded: 'succeeded',
};
/** Is this one of the states of a run? */
export function isRunState(text: string): text is RunState {
  return Object.hasOwn(RUN_WORDS, text);
}

/** `was rolled back`; follows the name of the runbook. */
export function runWords(state: RunState): string {
  return RUN_WORDS[state];
}

/** Paint text by how a run stands. */
export function paintRun(state: RunState, text: string, style: Style): string {
  if (state === 'succeeded') return style.good(text);
  return state === 'failed' || state === 'rollbackFailed' || state === 'attention' ? style.bad(text) : style.warn(text);
}

const MARKS: { readonly [state in StepState]: string } = {
  pending: '·',
  ready: '·',
  running: '▸',
  retrying: '↻',
  waiting: '…',
  inDoubt: '?',
  ok: '✔',
  changed: '✔',
  skipped: '-',
  failed: '✖',
  timedOut: '✖',
  cancelled: '■',
  compensating: '↩',
  compensated: '↩',
};
/** One character for the state of a step, in its colour. */
export function mark(state: StepState, style: Style): string {
  const sign = MARKS[state];
  if (state === 'ok' || state === 'changed' || state === 'compensated') return style.good(sign);
  if (state === 'failed' || state === 'timedOut') return style.bad(sign);
  return state === 'skipped' || state === 'pending' || state === 'ready' ? style.dim(sign) : style.warn(sign);
}

/** Time between two moments, or until `now` while it goes on; empty when it has not begun. */
export function spent(span: { readonly startedAt?: number; readonly finishedAt?: number }, now: number): string {
  return span.startedAt === undefined ? '' : formatDuration((span.finishedAt ?? now) - span.startedAt);
}

/** What a task has to say for itself: its summary, its error, or why it was skipped. */
export function taskWords(task: TaskReport): string {
  if (task.error !== undefined) return `${task.error.code}: ${task.error.message}`;
  if (task.state === 'skipped') return `skipped: ${task.reason ?? 'its condition is false'}`;
  return [task.summary ?? '', boardWords(task.hosts, false)].filter((words) => words !== '').join('; ');
}

/** Does a task belong to the rollback rather than to its phase? */
export function isUndo(task: TaskReport): boolean {
  return task.node?.role === 'compensate' || task.node?.role === 'rollback';
}

/** Name of a task under the heading of its phase; a rollback has no such heading. */
export function taskName(task: TaskReport): string {
  if (isUndo(task)) return task.path;
  const phase = task.node?.phase;
  return phase !== undefined && task.path.startsWith(`${phase}/`) ? task.path.slice(phase.length + 1) : task.path;
}

/** `ok`, `failed`, … of a phase. */
export function phaseWords(phase: PhaseReport): string {
  return phase.state === 'succeeded' ? 'ok' : phase.state;
}

/** Pad to a width; longer text stays whole. */
export function column(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - text.length));
}

/** UTC, to the second: `2026-11-23 10:42:07Z`. */
export function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
