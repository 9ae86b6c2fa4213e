import { isArray } from '../../core/index.ts';
import type { Path } from '../path.ts';
import { type Context, mapsIn, textOf } from './context.ts';

/** Ids are unique: steps in the whole runbook, phases, watches, SLAs and objectives among themselves. */
export function checkIds(context: Context): void {
  const steps = new Map<string, Path | string>(context.phases.flatMap((phase) => reservedIds(textOf(phase, 'id') ?? '')));
  for (const step of context.steps) unique(context, steps, { id: step.id, path: [...step.path, 'id'], noun: 'step' });
  listIds(context, ['phases'], 'id', 'phase');
  for (const [index] of context.phases.entries()) listIds(context, ['phases', index, 'watch'], 'id', 'watch');
  listIds(context, ['sla'], 'id', 'SLA');
  listIds(context, ['objectives'], 'name', 'objective');
}

/** Ids of the steps that a phase's own keys become. */
export function reservedIds(phase: string): readonly (readonly [string, string])[] {
  return [
    [`${phase}-after`, 'the delay of the phase'],
    [`${phase}-approval`, 'the approval of the phase'],
    [`${phase}-probe`, 'the measurement of the phase'],
    [`${phase}-analysis`, 'the verdict of the phase'],
    [`${phase}-collect`, 'the metrics of the phase'],
  ];
}

function listIds(context: Context, path: Path, key: string, noun: string): void {
  const seen = new Map<string, Path>();
  const [top, index, inner] = path;
  const list = typeof index === 'number' ? context.phases[index]?.[String(inner)] : context.document[String(top)];
  for (const [position, entry] of mapsIn(list)) {
    const id = textOf(entry, key);
    if (id !== undefined) unique(context, seen, { id, path: [...path, position, key], noun });
  }
}

function unique(
  context: Context,
  seen: Map<string, Path | string>,
  { id, path, noun }: { readonly id: string; readonly path: Path; readonly noun: string },
): void {
  const first = seen.get(id);
  if (first === undefined) {
    seen.set(id, path);
    return;
  }
  const owner = isArray(first as Path) ? `the ${noun} in line ${context.lineOf(first as Path)}` : String(first as string);
  context.report({
    code: 'DUPLICATE_ID',
    path,
    message: `${noun} id "${id}" is already taken by ${owner}`,
    hint: 'ids are unique in a runbook, nested steps included; choose another',
  });
}
