import { isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import { isTemplate } from '../../expr/index.ts';
import type { Kinds } from '../kinds.ts';
import type { ParsedDocument } from '../parse.ts';
import type { Path } from '../path.ts';
import type { Catalogues } from '../repository.ts';
import { collectSteps, phasesOf } from '../walk/collect.ts';
import { settingPath } from '../walk/view.ts';
import { mapsIn, suggest } from './context.ts';

/** Queries of other types are told by their shape. */
const TYPES: ReadonlySet<string> = new Set(['prometheus', 'http', 'cloudWatch', 'azureMonitor']);

/** A question, and the sources that are known where it is asked; undefined when they cannot be told. */
interface Asked {
  readonly path: Path;
  readonly query: JsonObject;
  readonly phase: JsonObject | undefined;
  readonly own: Json | undefined;
}

/** Every question goes to a source that its environment, or the step itself, has, and that is of its type. */
export function checkMetricSources(document: ParsedDocument, catalogues: Catalogues, kinds: Kinds): void {
  const { raw } = document;
  if (!raw || document.kind !== 'Runbook') return;
  for (const asked of questionsOf(raw, kinds)) checkQuestion(document, catalogues, asked);
}

function* questionsOf(raw: JsonObject, kinds: Kinds): Generator<Asked> {
  const phases = phasesOf(raw);
  for (const [index, phase] of phases.entries()) {
    const base: Path = ['phases', index];
    if (isObject(phase['analysis'])) yield* questionsIn(phase['analysis']['metrics'], [...base, 'analysis', 'metrics'], { phase, own: undefined });
    for (const [position, watch] of mapsIn(phase['watch'])) {
      const { uses, with: settings } = watch;
      if (typeof uses === 'string' && kinds.get(uses)?.takesSources === true && isObject(settings))
        yield* questionsIn(settings, [...base, 'watch', position, 'with'], { phase, own: settings['sources'] });
    }
  }
  for (const step of collectSteps(raw, kinds)) {
    if (step.kind?.takesSources !== true) continue;
    const phase = step.phase === undefined ? undefined : phases[step.phase];
    yield* questionsIn(step.settings, settingPath(step, []), { phase, own: step.settings['sources'] });
  }
}

function* questionsIn(value: Json | undefined, path: Path, where: Pick<Asked, 'phase' | 'own'>): Generator<Asked> {
  if (value === undefined || value === null || typeof value !== 'object') return;
  if (isArray(value)) {
    for (const [index, child] of value.entries()) yield* questionsIn(child, [...path, index], where);
  } else if (isObject(value)) {
    if (typeof value['type'] === 'string' && typeof value['from'] === 'string') yield { path, query: value, ...where };
    for (const [key, child] of Object.entries(value)) if (key !== 'sources') yield* questionsIn(child, [...path, key], where);
  }
}

function checkQuestion({ reporter }: ParsedDocument, catalogues: Catalogues, { path, query, phase, own }: Asked): void {
  const name = String(query['from'] as string); // questionsIn has looked
  if (isTemplate(name)) return; // told elsewhere
  const environment = phase?.['environment'];
  const loaded = typeof environment === 'string' ? catalogues.Environment.get(environment) : undefined;
  const common = loaded?.raw?.['metricSources'];
  const known: JsonObject = { ...(isObject(common) ? common : {}), ...(isObject(own) ? own : {}) };
  const source = Object.hasOwn(known, name) ? known[name] : undefined;
  const at: Path = [...path, 'from'];
  if (isObject(source)) {
    if (typeof source['type'] !== 'string' || source['type'] === query['type'] || !TYPES.has(String(query['type'] as string))) return;
    const hint = `write type: ${source['type']}, or name another source`;
    reporter.report({
      code: 'METRIC_SOURCE_TYPE',
      path: at,
      message: `"${name}" is of type ${source['type']}, and the query of type ${String(query['type'] as string)}`,
      hint,
    });
    return;
  }
  // An environment that is not there is told elsewhere.
  if (typeof environment === 'string' && !loaded) return;
  const where = typeof environment === 'string' ? `in environment "${environment}"` : 'here, where there is no environment';
  const names = Object.keys(known);
  const add = typeof environment === 'string' ? `add metricSources: {${name}: …} to that environment` : 'add environment: <name>, whose file has metricSources';
  reporter.report({
    code: 'UNKNOWN_METRIC_SOURCE',
    path: at,
    message: `there is no metric source "${name}" ${where}`,
    hint: names.length === 0 ? add : suggest(name, names, 'source'),
  });
}
