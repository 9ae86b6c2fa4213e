import { isArray, isObject, type Json, type JsonObject } from '../core/index.ts';
import type { Path } from './path.ts';

/** Something that asks a metric source, as it was written: it has a type, and a source or a host to ask. */
export interface Question {
  readonly path: Path;
  readonly question: JsonObject;
}

/** Every question in the settings of a step, a watch or a dual run, wherever it is. Tolerates everything. */
export function* questionsIn(value: Json | undefined, path: Path = []): Generator<Question> {
  if (value === undefined || value === null || typeof value !== 'object') return;
  if (isArray(value)) {
    for (const [index, child] of value.entries()) yield* questionsIn(child, [...path, index]);
  } else if (isObject(value)) {
    if (typeof value['type'] === 'string' && (value['from'] !== undefined || value['host'] !== undefined)) yield { path, question: value };
    for (const [key, child] of Object.entries(value)) if (key !== 'sources') yield* questionsIn(child, [...path, key]);
  }
}
