import type { JsonObject } from '../../../src/core/index.ts';
import type { EventBody, JournalEvent, RequestBody, RunState } from '../../../src/engine/index.ts';
import type { PlanGraph } from '../../../src/plan/index.ts';
import type { Effect } from './outside.ts';

/** Something that has to be in the journal of the run. */
export interface Seen {
  readonly type: EventBody['type'];
  readonly path?: string;
  /** So often at least; once when absent. */
  readonly times?: number;
}
/** What somebody outside does once something is seen: asks the run, or ends the process that drives it. */
export type Act =
  | { readonly when: Seen; readonly ask: Ask; readonly refused?: string }
  /** Until something was seen outside, in the ledger. */
  | { readonly when: Seen; readonly until: { readonly what: Effect['what']; readonly path: string; readonly host?: string }; readonly kill: true };
export type Ask = RequestBody extends infer B ? (B extends { readonly id: string } ? Omit<B, 'id'> & { readonly id?: string } : never) : never;

/** One story, told alike by every engine on every store. */
export interface Scenario {
  readonly name: string;
  readonly graph: PlanGraph;
  readonly inputs?: JsonObject;
  readonly acts?: readonly Act[];
  readonly state: RunState;
  /** `exact`: the events come in one order only. `lanes`: those of each path do, whatever happens beside them. */
  readonly order: 'exact' | 'lanes';
  /** What must be true besides; throws when it is not. */
  readonly check?: (told: Told) => void;
}
export interface Told {
  readonly runId: string;
  readonly events: readonly JournalEvent[];
  readonly effects: readonly Effect[];
}

/** Events as they may be compared: without times, and without who drove. */
export function comparable(events: readonly JournalEvent[]): readonly JsonObject[] {
  return events.flatMap(({ body }) =>
    body.type === 'leaseTaken' || body.type === 'runCreated' ? [] : [strip(JSON.parse(JSON.stringify(body)) as JsonObject)],
  ); // bodies are JSON
}

const TIMES = new Set(['at', 'durationMs', 'until', 'deadline', 'id', 'signal', 'key', 'runId']);

function strip(value: JsonObject): JsonObject {
  const kept = Object.entries(value).filter(([name]) => !TIMES.has(name));
  return Object.fromEntries(
    kept.map(([name, child]) => [name, typeof child === 'object' && child !== null && !Array.isArray(child) ? strip(child as JsonObject) : child]),
  );
}

/** The same events by what they are about. */
export function lanes(events: readonly JsonObject[]): { readonly [lane: string]: readonly JsonObject[] } {
  const grouped = Object.groupBy(events, (event) => {
    const host = typeof event['host'] === 'string' ? ` on ${event['host']}` : '';
    return typeof event['path'] === 'string' ? event['path'] + host : '@run';
  });
  return grouped as { readonly [lane: string]: readonly JsonObject[] }; // every group has an event
}
