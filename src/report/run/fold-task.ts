import type { StepResult } from '../../engine/index.ts';
import type { Draft, Handlers } from './fold.ts';
import type { TaskReport } from './types.ts';

/** Path of the node in the plan that a task belongs to: `provision/stacks[2]` runs the node `provision/stacks`. */
export function nodePath(taskPath: string): string {
  return taskPath.replaceAll(/\[\d+\]/g, '');
}

/** What happens to tasks. */
export const TASK_HANDLERS: Handlers = {
  stepStarted: (draft, body, at) => started(taskOf(draft, body.path), body.attempt, at),
  hostStarted: (draft, body) => void taskOf(draft, body.path).hosts.set(body.host, 'running'),
  hostFinished: (draft, body) => void taskOf(draft, body.path).hosts.set(body.host, body.result.state),
  hostProbed: (draft, body) => {
    if (body.verdict === 'done' && body.result !== undefined) taskOf(draft, body.path).hosts.set(body.host, body.result.state);
    else if (body.verdict === 'notDone') taskOf(draft, body.path).hosts.delete(body.host);
  },
  stepFinished: (draft, body, at) => ended(draft, taskOf(draft, body.path), body.result, at),
  stepProbed: (draft, body, at) => {
    if (body.verdict === 'done' && body.result !== undefined) ended(draft, taskOf(draft, body.path), body.result, at);
  },
  stepSkipped: (draft, body, at) => void Object.assign(taskOf(draft, body.path), { state: 'skipped', reason: body.reason, finishedAt: at }),
  stepRetryScheduled: (draft, body) => void (taskOf(draft, body.path).state = 'retrying'),
  stepInDoubt: (draft, body) => void (taskOf(draft, body.path).state = 'inDoubt'),
  stepWaiting: (draft, body, at) => {
    const task = taskOf(draft, body.path);
    task.state = 'waiting';
    task.wait = body.wait;
    task.startedAt ??= at;
  },
};

function taskOf(draft: Draft, path: string): TaskReport {
  const known = draft.byPath.get(path);
  if (known !== undefined) return known;
  const node = draft.graph?.nodes[nodePath(path)];
  const task: TaskReport = { path, ...(node === undefined ? {} : { node }), state: 'pending', attempts: 0, hosts: new Map() };
  draft.byPath.set(path, task);
  draft.tasks.push(task);
  return task;
}

function started(task: TaskReport, attempt: number, at: number): void {
  task.state = task.node?.role === 'compensate' ? 'compensating' : 'running';
  task.attempts = attempt;
  task.startedAt ??= at;
  delete task.finishedAt;
}

function ended(draft: Draft, task: TaskReport, result: StepResult, at: number): void {
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
