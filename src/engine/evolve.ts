import { unreachable } from '../core/pure.ts';
import { evolveTask } from './evolve/task-event.ts';
import { evolveRun } from './evolve/run-event.ts';
import type { EventBody, JournalEvent } from './events.ts';
import { initialState, type RunData } from './state.ts';

/**
 * Take one event into account. Constant time in the length of the history. Changes `data` in place and returns it: whoever
 * calls owns it. Events after the end of a run change nothing: terminal states absorb.
 */
export function evolve(data: RunData, event: JournalEvent): RunData {
  data.runId = event.runId;
  data.seq = event.seq;
  data.at = event.at;
  if (data.finished) return data;
  apply(data, event.body, event.at);
  return data;
}

/** The state after all these events. */
export function stateOf(events: Iterable<JournalEvent>): RunData {
  const data = initialState();
  for (const event of events) evolve(data, event);
  return data;
}

function apply(data: RunData, body: EventBody, at: number): void {
  if (body.type === 'runQueued' || body.type === 'leaseTaken' || body.type === 'lateResultRejected') return; // only told
  switch (body.type) {
    case 'stepExpanded':
    case 'stepSkipped':
    case 'stepStarted':
    case 'hostStarted':
    case 'hostFinished':
    case 'stepFinished':
    case 'stepRetryScheduled':
    case 'stepInDoubt':
    case 'stepProbed':
    case 'hostProbed':
    case 'stepWaiting':
    case 'voteCast':
    case 'gateClosed':
    case 'childFinished':
    case 'taskResolved':
    case 'attentionRaised':
    case 'attentionCleared':
      return evolveTask(data, body, at);
    case 'runCreated':
    case 'runStarted':
    case 'phaseStarted':
    case 'phaseFinished':
    case 'signalReceived':
    case 'watchBreached':
    case 'slaBreached':
    case 'windowClosed':
    case 'pauseRequested':
    case 'resumeRequested':
    case 'cancelRequested':
    case 'rollbackRequested':
    case 'runFinished':
      return evolveRun(data, body, at);
    default:
      return unreachable(body);
  }
}
