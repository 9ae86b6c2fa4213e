import { unreachable } from '../../core/pure.ts';
import type { EventBody } from '../events.ts';
import type { RunData } from '../state.ts';
import { publish, publishNode } from './publish.ts';
import { newTask } from './task-event.ts';

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

function create(data: RunData, body: Extract<RunEvent, { type: 'runCreated' }>, at: number): void {
  data.created = body;
  for (const { id } of body.graph.phases) data.phases.set(id, { state: 'pending' });
  if (!body.rollbackOf) return;
  const { runId, reason } = body.rollbackOf;
  data.rollback = { trigger: 'manual', by: body.actor, reason: `undo ${runId}${reason === undefined ? '' : `: ${reason}`}`, at };
  for (const [path, items] of Object.entries(body.rollbackOf.items ?? {})) {
    data.items.set(path, items);
    publishNode(data, path);
  }
  for (const { path, outputs } of body.rollbackOf.started) {
    const task = newTask(path);
    Object.assign(task, { state: 'ok', attempt: 1, outputs, firstStartedAt: at, finishedAt: at });
    data.tasks.set(path, task);
    publish(data, task);
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
