import type { Json, JsonObject, Problem } from '../../core/index.ts';
import { evaluateDeep } from '../../expr/index.ts';
import type { LoadedRunbook } from '../../runbook/index.ts';
import { readInputs } from '../inputs.ts';
import { estateOf, type Head } from './heads.ts';

/** A business event: a CloudEvent 1.0, its attributes as they are named there. */
export interface BusinessEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time?: string;
  readonly data: Json;
}
/** A runbook that an event starts, or would start were its inputs right. */
export type EventMatch = { readonly runbook: string; readonly inputs: JsonObject } | { readonly runbook: string; readonly problems: readonly Problem[] };

/** Runbooks whose triggers an event meets, each once, with their inputs. Pure. @throws {SlipwayError} `INVALID` when the head has mistakes. */
export function matchesOf(head: Head, event: BusinessEvent): readonly EventMatch[] {
  return [...estateOf(head).repository.runbooks.values()].flatMap((runbook) => matchOf(runbook, event) ?? []);
}

function matchOf({ name, runbook, source }: LoadedRunbook, event: BusinessEvent): EventMatch | undefined {
  const scope = { event: { ...event }, runbook: source['metadata'] ?? {} };
  for (const trigger of runbook.triggers ?? []) {
    if (!('event' in trigger) || trigger.event.type !== event.type) continue;
    const given = trigger.event.inputs === undefined ? membersNamed(event.data, Object.keys(runbook.inputs ?? {})) : evaluateDeep(trigger.event.inputs, scope);
    const inputs = isRecord(given) ? given : {};
    const ready = readInputs({ schemas: runbook.inputs ?? {}, given: inputs, preset: {}, isTyped: true });
    // A condition may read inputs; without them there is nothing it could be true of.
    const known = 'problems' in ready ? inputs : ready.inputs.values;
    if (trigger.event.if !== undefined && evaluateDeep(trigger.event.if, { ...scope, inputs: known }) !== true) continue;
    return 'problems' in ready ? { runbook: name, problems: ready.problems } : { runbook: name, inputs };
  }
  return undefined;
}

function membersNamed(data: Json, names: readonly string[]): JsonObject {
  return isRecord(data) ? Object.fromEntries(Object.entries(data).filter(([name]) => names.includes(name))) : {};
}

function isRecord(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
