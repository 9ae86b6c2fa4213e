import type { StepResult } from '../../engine/index.ts';
import type { Draft, Handlers } from './fold.ts';
import { createHostBoard } from './host-board.ts';
import type { TaskReport } from './types.ts';

/** Path of the node in the plan that a task belongs to: `provision/stacks[2]` runs the node `provision/stacks`. */
export function nodePath(taskPath: string): string {
  return taskPath.replaceAll(/\[\d+\]/g, '');
}

/** What happens to tasks. */
export const TASK_HANDLERS: Handlers = {
  stepStarted: (draft, body, at) => started(draft, taskOf(draft, body.path), body.attempt, at),
  hostStarted: (draft, body, at) => taskOf(draft, body.path).hosts.started(body.host, at),
  hostFinished: (draft, body) => taskOf(draft, body.path).hosts.finished(body.host, body.result),
  hostProbed: (draft, body) => {
    if (body.verdict === 'done' && body.result !== undefined) taskOf(draft, body.path).hosts.finished(body.host, body.result);
  },
  stepFinished: (draft, body, at) => ended(draft, taskOf(draft, body.path), body.result, at),
  stepProbed: (draft, body, at) => {
    if (body.verdict === 'done' && body.result !== undefined) ended(draft, taskOf(draft, body.path), body.result, at);
  },
  stepSkipped: (draft, body, at) => {
    const task = taskOf(draft, body.path);
    Object.assign(task, { state: 'skipped', reason: body.reason, finishedAt: at });
    draft.open.delete(task);
  },
  stepRetryScheduled: (draft, body) => void (taskOf(draft, body.path).state = 'retrying'),
  stepInDoubt: (draft, body) => {
    const task = taskOf(draft, body.path);
    task.state = 'inDoubt';
    draft.open.add(task);
  },
  stepWaiting: (draft, body, at) => {
    const task = taskOf(draft, body.path);
    draft.open.add(task);
    task.state = 'waiting';
    task.wait = body.wait;
    task.startedAt ??= at;
  },
};

function taskOf(draft: Draft, path: string): TaskReport {
  const known = draft.byPath.get(path);
  if (known !== undefined) return known;
  const node = draft.graph?.nodes[nodePath(path)];
  const task: TaskReport = { path, ...(node === undefined ? {} : { node }), state: 'pending', attempts: 0, hosts: createHostBoard() };
  draft.byPath.set(path, task);
  draft.tasks.push(task);
  return task;
}

function started(draft: Draft, task: TaskReport, attempt: number, at: number): void {
  draft.open.add(task);
  task.state = task.node?.role === 'compensate' ? 'compensating' : 'running';
  task.attempts = attempt;
  task.startedAt ??= at;
  delete task.finishedAt;
}

function ended(draft: Draft, task: TaskReport, result: StepResult, at: number): void {
  draft.open.delete(task);
  const isUndo = task.node?.role === 'compensate';
  const isGood = result.state === 'ok' || result.state === 'changed';
  task.state = isGood && isUndo ? 'compensated' : result.state;
  task.finishedAt = at;
  task.startedAt ??= at;
  delete task.wait;
  delete task.error;
  if ('error' in result) task.error = result.error;
  else if (result.summary !== undefined) task.summary = result.summary;
  if (isGood && isUndo && task.node?.order === 'traffic' && draft.rollback !== undefined) draft.rollback.trafficBackAt = at;
}
