import { unreachable } from '../../core/pure.ts';
import type { PlanNode } from '../../plan/index.ts';
import type { EventBody, StepResult } from '../events.ts';
import type { RunData, Task } from '../state.ts';
import { parseTaskPath } from '../task-path.ts';
import { forgetBad, isUnsettled, settleHost, withHosts } from './host-ledger.ts';
import { publish, publishNode } from './publish.ts';

type TaskEvent = Extract<
  EventBody,
  {
    type:
      | 'stepExpanded'
      | 'stepSkipped'
      | 'stepStarted'
      | 'hostStarted'
      | 'hostFinished'
      | 'stepFinished'
      | 'stepRetryScheduled'
      | 'stepInDoubt'
      | 'stepProbed'
      | 'hostProbed'
      | 'stepWaiting'
      | 'voteCast'
      | 'gateClosed'
      | 'childFinished'
      | 'taskResolved'
      | 'attentionRaised'
      | 'attentionCleared';
  }
>;

/** A task nothing has happened to yet. */
export function newTask(path: string): Task {
  return { path, ...parseTaskPath(path), state: 'pending', attempt: 0, lost: 0, with: {}, key: '', votes: [], outputs: {}, givenUp: false, hosts: {} };
}

/** Events about one task. */
export function evolveTask(data: RunData, body: TaskEvent, at: number): void {
  if (body.type === 'stepExpanded') {
    if (data.items.has(body.path)) return;
    data.items.set(body.path, body.items);
    return publishNode(data, body.path);
  }
  if (body.type === 'attentionRaised') data.attention.set(body.path, body.reason);
  else if (body.type === 'attentionCleared') data.attention.delete(body.path);
  // Attention may also be raised for the run as a whole: `@rollback`, `@window <phase>`. `@rollback/<step>` is a task.
  if (!body.path.includes('/')) return;
  if (body.type === 'gateClosed' && body.outcome === 'timedOut' && body.gate.onTimeout === 'rollback') data.overdueGate ??= body.path;
  const task = data.tasks.get(body.path) ?? newTask(body.path);
  data.tasks.set(body.path, task);
  change(data, task, { body, at });
  publish(data, task);
}

function change(data: RunData, task: Task, { body, at }: { readonly body: Exclude<TaskEvent, { type: 'stepExpanded' }>; readonly at: number }): void {
  switch (body.type) {
    case 'stepSkipped':
      if (task.state === 'pending') Object.assign(task, { state: 'skipped', summary: body.reason, finishedAt: at });
      return;
    case 'stepStarted':
      return start(data, task, { body, at });
    case 'hostStarted':
      if (isLive(task, body.attempt)) task.hosts[body.host] = 'inDoubt';
      return;
    case 'hostFinished':
      if (isLive(task, body.attempt)) task.hosts[body.host] = body.result;
      return;
    case 'stepFinished':
      // The first result of an attempt stands; a second one, or one of an earlier attempt, changes nothing.
      if (body.attempt === task.attempt && OPEN.has(task.state))
        finish(data, task, { result: body.hostsOnRecord ? withHosts(task, body.result) : body.result, at });
      return;
    case 'hostProbed':
      return hostProbed(task, body);
    case 'stepProbed':
      return probed(data, task, { body, at });
    case 'taskResolved':
      return resolve(data, task, { body, at });
    case 'stepRetryScheduled':
    case 'stepInDoubt':
    case 'stepWaiting':
    case 'voteCast':
    case 'gateClosed':
    case 'childFinished':
    case 'attentionRaised':
    case 'attentionCleared':
      return suspend(task, body, at);
    default:
      return unreachable(body);
  }
}

type Suspension = Extract<
  TaskEvent,
  { type: 'stepRetryScheduled' | 'stepInDoubt' | 'stepWaiting' | 'voteCast' | 'gateClosed' | 'childFinished' | 'attentionRaised' | 'attentionCleared' }
>;

/** Events that leave a task waiting for something. */
function suspend(task: Task, body: Suspension, at: number): void {
  switch (body.type) {
    case 'stepRetryScheduled':
      if (task.state === 'failed' || task.state === 'timedOut') Object.assign(task, { state: 'retrying', retryAt: body.at });
      return;
    case 'stepInDoubt':
      if (isLive(task, body.attempt)) Object.assign(task, { state: 'inDoubt', lost: task.lost + 1 });
      return;
    case 'stepWaiting':
      if (task.state === 'running') Object.assign(task, { state: 'waiting', wait: body.wait });
      return;
    case 'voteCast':
      if (at <= deadlineOf(task)) task.votes.push(body);
      return;
    case 'childFinished':
      task.child = { state: body.state, outputs: body.outputs };
      return;
    case 'attentionRaised':
      task.attention = { reason: body.reason, hint: body.hint };
      return;
    case 'attentionCleared':
      delete task.attention;
      return;
    case 'gateClosed':
      return;
    default:
      return unreachable(body);
  }
}

/** A vote that came later does not count, even when nobody was there to close the gate; a gate that escalates stays open. */
function deadlineOf({ wait }: Task): number {
  return wait?.type === 'gate' && wait.gate.onTimeout !== 'escalate' ? (wait.gate.deadline ?? Infinity) : Infinity;
}

/** Is this the attempt that is under way? What an earlier one says comes too late. */
function isLive(task: Task, attempt: number): boolean {
  return task.state === 'running' && task.attempt === attempt;
}

const OPEN: ReadonlySet<Task['state']> = new Set(['running', 'waiting', 'inDoubt']);

function start(data: RunData, task: Task, { body, at }: { readonly body: Extract<TaskEvent, { type: 'stepStarted' }>; readonly at: number }): void {
  // One attempt at a time, and none after a good end.
  if (body.attempt !== task.attempt + 1 || !MAY_START.has(task.state)) return;
  // A retry begins the bad hosts anew. What goes on after a crash, or after a person's word, keeps every result.
  if (task.state === 'retrying') forgetBad(task, nodeOf(data, task));
  Object.assign(task, { state: 'running', attempt: body.attempt, key: body.key, with: body.with, attemptAt: at });
  task.firstStartedAt ??= at;
  delete task.retryAt;
  delete task.error;
}

const MAY_START: ReadonlySet<Task['state']> = new Set(['pending', 'ready', 'retrying', 'inDoubt']);

function finish(data: RunData, task: Task, { result, at }: { readonly result: StepResult; readonly at: number }): void {
  task.state = result.state;
  task.finishedAt = at;
  delete task.wait;
  delete task.attention;
  data.attention.delete(task.path);
  if ('outputs' in result) {
    task.outputs = result.outputs;
    if (result.summary !== undefined) task.summary = result.summary;
    if (nodeOf(data, task)?.pointOfNoReturn === true) data.pastNoReturn = true;
  } else {
    task.error = result.error;
  }
}

function probed(data: RunData, task: Task, { body, at }: { readonly body: Extract<TaskEvent, { type: 'stepProbed' }>; readonly at: number }): void {
  if (task.state !== 'inDoubt' || body.attempt !== task.attempt) return;
  if (body.verdict === 'done' && body.result) return finish(data, task, { result: body.result, at });
  if (body.verdict === 'notDone') Object.assign(task, { state: 'ready' });
  else task.attention = { reason: body.reason ?? 'nobody can tell whether it took effect', hint: 'look, then run "slipway resolve"' };
}

/** A host that was done has its result; one that was not is as if nobody had begun there. */
function hostProbed(task: Task, { attempt, host, verdict, result }: Extract<TaskEvent, { type: 'hostProbed' }>): void {
  if (task.state !== 'inDoubt' || attempt !== task.attempt || task.hosts[host] !== 'inDoubt') return;
  if (verdict === 'done' && result) task.hosts[host] = result;
  else if (verdict === 'notDone') delete task.hosts[host];
}

function resolve(data: RunData, task: Task, { body, at }: { readonly body: Extract<TaskEvent, { type: 'taskResolved' }>; readonly at: number }): void {
  // Only what waits for a person is a person's to settle; a gate asks for votes, and can only be given up.
  if (!data.attention.has(task.path) || !(RESOLVABLE.has(task.state) || (task.state === 'waiting' && body.as === 'failed'))) return;
  data.attention.delete(task.path);
  delete task.attention;
  delete task.only;
  if (body.hosts) {
    for (const host of body.hosts) settleHost(task, host, body);
    if (body.as === 'retry') task.only = body.hosts;
    tryAgain(task);
  } else if (body.as === 'retry') {
    for (const [host, result] of Object.entries(task.hosts)) if (isUnsettled(result)) delete task.hosts[host];
    tryAgain(task);
  } else if (body.as === 'done') finish(data, task, { result: { state: 'ok', outputs: body.outputs ?? {}, summary: `taken as done by ${body.by}` }, at });
  else {
    task.givenUp = true;
    finish(data, task, { result: { state: 'failed', error: { code: 'GIVEN_UP', message: `taken as failed by ${body.by}`, retry: 'never' } }, at });
  }
}

/** The next attempt may begin; time limits over all attempts begin again. */
function tryAgain(task: Task): void {
  Object.assign(task, { state: 'ready', lost: task.attempt });
  delete task.firstStartedAt;
}

const RESOLVABLE: ReadonlySet<Task['state']> = new Set(['inDoubt', 'failed', 'timedOut']);

function nodeOf(data: RunData, task: Task): PlanNode | undefined {
  return data.created?.graph.nodes[task.node];
}
