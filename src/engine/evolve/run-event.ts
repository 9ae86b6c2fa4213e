import { unreachable } from '../../core/pure.ts';
import type { EventBody, Retried } from '../events.ts';
import { isGood, type RunData } from '../state.ts';
import { outputsWithHosts } from './host-ledger.ts';
import { publish, publishNode } from './publish.ts';
import { newTask } from './task-event.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;
type RunEvent = Extract<
  EventBody,
  {
    type:
      | 'runCreated'
      | 'runStarted'
      | 'phaseStarted'
      | 'phaseFinished'
      | 'signalReceived'
      | 'watchBreached'
      | 'slaBreached'
      | 'windowClosed'
      | 'pauseRequested'
      | 'resumeRequested'
      | 'cancelRequested'
      | 'rollbackRequested'
      | 'runFinished';
  }
>;

/** Events about the run as a whole. */
export function evolveRun(data: RunData, body: RunEvent, at: number): void {
  switch (body.type) {
    case 'runCreated':
      return create(data, body, at);
    case 'runStarted':
      data.startedAt ??= at;
      return;
    case 'phaseStarted':
      data.phases.set(body.phase, { state: 'running', startedAt: at });
      return;
    case 'phaseFinished':
      data.phases.set(body.phase, { ...data.phases.get(body.phase), state: body.state, finishedAt: at });
      return;
    case 'signalReceived':
    case 'pauseRequested':
    case 'resumeRequested':
    case 'cancelRequested':
    case 'rollbackRequested':
      return evolveRequest(data, body, at);
    case 'watchBreached':
    case 'slaBreached':
    case 'windowClosed':
      return evolveBreach(data, body);
    case 'runFinished':
      data.finished = { state: body.state, at, outputs: body.outputs, ...(body.reason === undefined ? {} : { reason: body.reason }) };
      return;
    default:
      return unreachable(body);
  }
}

function evolveRequest(
  data: RunData,
  body: Extract<RunEvent, { type: 'signalReceived' | 'pauseRequested' | 'resumeRequested' | 'cancelRequested' | 'rollbackRequested' }>,
  at: number,
): void {
  switch (body.type) {
    case 'signalReceived':
      data.signals.push({ id: body.id, name: body.name, by: body.by, payload: body.payload, at });
      return;
    case 'pauseRequested':
      data.paused = true;
      return;
    case 'resumeRequested':
      data.paused = false;
      return;
    case 'cancelRequested':
      data.cancel ??= { by: body.by, reason: body.reason ?? '' };
      return;
    case 'rollbackRequested':
      return requestRollback(data, body, at);
    default:
      return unreachable(body);
  }
}

function evolveBreach(data: RunData, body: Extract<RunEvent, { type: 'watchBreached' | 'slaBreached' | 'windowClosed' }>): void {
  if (body.type === 'watchBreached') data.breachedWatch.set(body.path, body.message);
  else if (body.type === 'slaBreached') data.breachedSla.add(body.id);
  else data.closedWindows.add(body.phase);
}

function create(data: RunData, body: Created, at: number): void {
  data.created = body;
  for (const { id } of body.graph.phases) data.phases.set(id, { state: 'pending' });
  if (body.rollbackOf) undo(data, body, body.rollbackOf, at);
  if (body.retryOf) goOnWith(data, body.retryOf, at);
}

function undo(data: RunData, body: Created, { runId, reason, items, started }: NonNullable<Created['rollbackOf']>, at: number): void {
  data.rollback = { trigger: 'manual', by: body.actor, reason: `undo ${runId}${reason === undefined ? '' : `: ${reason}`}`, at };
  expandAll(data, items ?? {});
  for (const { path, outputs } of started) {
    const task = newTask(path);
    Object.assign(task, { state: 'ok', attempt: 1, outputs, firstStartedAt: at, finishedAt: at });
    data.tasks.set(path, task);
    publish(data, task);
  }
}

function goOnWith(data: RunData, { phases, items, tasks }: Retried, at: number): void {
  for (const [id, state] of Object.entries(phases)) data.phases.set(id, { state, startedAt: at, finishedAt: at });
  expandAll(data, items);
  for (const { path, hosts = {}, only, ...rest } of tasks) {
    const task = newTask(path);
    // Earlier attempts do not count as tries of this run.
    Object.assign(task, rest, { lost: rest.attempt, hosts: { ...hosts }, finishedAt: at, ...(only ? { only } : {}) });
    if (isGood(task) && Object.keys(hosts).length > 0) task.outputs = outputsWithHosts(task);
    if (rest.attempt > 0 && isGood(task) && data.created?.graph.nodes[task.node]?.pointOfNoReturn === true) data.pastNoReturn = true;
    data.tasks.set(path, task);
    publish(data, task);
  }
}

function expandAll(data: RunData, items: Retried['items']): void {
  for (const [path, all] of Object.entries(items)) {
    data.items.set(path, all);
    publishNode(data, path);
  }
}

function requestRollback(data: RunData, body: Extract<RunEvent, { type: 'rollbackRequested' }>, at: number): void {
  const wanted = { trigger: body.trigger, by: body.by, reason: body.reason, at };
  if (data.pastNoReturn && body.force !== true) {
    data.refusedRollback ??= wanted; // nothing else changes: a paused run stays paused
    return;
  }
  data.rollback ??= wanted;
  data.paused = false;
}
