import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { EventBody, JournalEvent } from '../../engine/index.ts';

/** What is known of the run beside the event. */
export interface EventOrigin {
  readonly runbook: string;
  /** Names this Slipway: `/slipway`, or the address of its portal. */
  readonly source: string;
}
type Picks = { readonly [T in EventBody['type']]: readonly (keyof Extract<EventBody, { readonly type: T }> & string)[] };

/**
 * What leaves of each kind of event. Inputs, outputs, settings, graphs, payloads and free text stay: who gets a webhook learns what happened, not what was in it.
 * A new kind of event has to be decided on here.
 */
const PICKS: Picks = {
  runCreated: ['actor', 'planDigest', 'rehearsal'],
  runQueued: ['group'],
  runStarted: [],
  phaseStarted: ['phase'],
  phaseFinished: ['phase', 'state'],
  stepExpanded: ['path'],
  stepSkipped: ['path'],
  stepStarted: ['path', 'attempt', 'key'],
  hostStarted: ['path', 'attempt', 'host'],
  hostFinished: ['path', 'attempt', 'host'],
  hostProbed: ['path', 'attempt', 'host', 'verdict'],
  stepFinished: ['path', 'attempt', 'durationMs'],
  stepRetryScheduled: ['path', 'attempt', 'at'],
  stepInDoubt: ['path', 'attempt'],
  stepProbed: ['path', 'attempt', 'verdict'],
  stepWaiting: ['path'],
  signalReceived: ['name', 'by'],
  voteCast: ['path', 'voter', 'decision'],
  gateClosed: ['path', 'outcome'],
  childFinished: ['path', 'state'],
  watchBreached: ['path', 'failures'],
  slaBreached: ['id'],
  windowClosed: ['phase'],
  pauseRequested: ['by'],
  resumeRequested: ['by'],
  cancelRequested: ['by'],
  taskResolved: ['path', 'by', 'as'],
  rollbackRequested: ['trigger', 'by'],
  attentionRaised: ['path'],
  attentionCleared: ['path'],
  leaseTaken: ['token'],
  lateResultRejected: ['path', 'attempt'],
  runFinished: ['state'],
};

/**
 * An event of a run as a CloudEvent 1.0 in JSON. `sequence` is its number within the run, from 1 without gaps; the same event always gives the same bytes.
 * Undefined for an event of another Slipway that this one does not know.
 */
export function cloudEventOf({ runId, seq, at, body }: JournalEvent, { runbook, source }: EventOrigin): JsonObject | undefined {
  if (!Object.hasOwn(PICKS, body.type)) return undefined;
  return {
    specversion: '1.0',
    id: `${runId}/${seq}`,
    source,
    type: `slipway.run.${body.type}`,
    subject: runId,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    sequence: String(seq).padStart(10, '0'),
    data: { runId, runbook, seq, event: body.type, ...picked(body), ...derived(body) },
  };
}

function picked(body: EventBody): JsonObject {
  const names: readonly string[] = PICKS[body.type];
  const members = Object.entries(body).filter(([name, value]) => names.includes(name) && (typeof value !== 'object' || value === null) && value !== undefined);
  return Object.fromEntries(members) as JsonObject; // plain values of an event are JSON
}

/** Parts of what is inside an event. */
function derived(body: EventBody): { readonly [name: string]: Json } {
  switch (body.type) {
    case 'runCreated': {
      const { graph, commit, parent, rollbackOf } = body;
      const environments = [...new Set(graph.phases.flatMap(({ environment }) => environment ?? []))];
      const optional = { commit: commit?.head, parent: parent?.runId, rollbackOf: rollbackOf?.runId };
      return { environments, ...withoutUnset(optional) };
    }
    case 'hostFinished':
      return { state: body.result.state };
    case 'stepFinished':
      return { state: body.result.state, ...('error' in body.result ? { code: body.result.error.code } : {}) };
    case 'stepExpanded':
      return { items: body.items.length };
    case 'stepWaiting':
      return body.wait.type === 'gate'
        ? { waitsFor: 'gate', approvers: body.wait.gate.approvers, required: body.wait.gate.required }
        : { waitsFor: body.wait.type };
    case 'childFinished':
      return { child: body.runId };
    case 'runQueued':
      return body.lock?.heldBy ? { behind: [body.lock.heldBy.runId] } : {};
    default:
      return {};
  }
}

function withoutUnset(values: { readonly [name: string]: string | undefined }): JsonObject {
  const set = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return isObject(set) ? set : {};
}
