import { didYouMean, isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { Kinds } from '../kinds.ts';
import type { Mistake } from '../report.ts';
import { collectSteps, phasesOf } from '../walk/collect.ts';
import type { StepView } from '../walk/view.ts';

/** A runbook as written, and what the checks need to know about it. */
export interface Context {
  readonly document: JsonObject;
  readonly kinds: Kinds;
  readonly phases: readonly JsonObject[];
  readonly steps: readonly StepView[];
  /** Line of a place, for messages that point at another one. */
  readonly lineOf: (path: Mistake['path']) => number;
  readonly report: (mistake: Mistake) => void;
}

/** Collect what the checks need. */
export function contextOf(document: JsonObject, base: Pick<Context, 'kinds' | 'lineOf' | 'report'>): Context {
  return { ...base, document, phases: phasesOf(document), steps: collectSteps(document, base.kinds) };
}

/** The maps of a list, with their positions; nothing for anything else. */
export function mapsIn(value: Json | undefined): readonly (readonly [number, JsonObject])[] {
  if (value === undefined || !isArray(value)) return [];
  return value.flatMap((item, index) => (isObject(item) ? [[index, item] as const] : []));
}

/** The member when it is text. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

/** `did you mean`, or the list of what there is. */
export function suggest(wrong: string, known: readonly string[], noun: string): string {
  const near = didYouMean(wrong, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length === 0 ? `there is no ${noun}` : `${noun}s here: ${known.slice(0, 40).join(', ')}`;
}
