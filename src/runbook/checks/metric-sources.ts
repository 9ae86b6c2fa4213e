import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import { isTemplate } from '../../expr/index.ts';
import type { Kinds } from '../kinds.ts';
import type { ParsedDocument } from '../parse.ts';
import type { Path } from '../path.ts';
import { type Question, questionsIn } from '../questions.ts';
import type { Catalogues } from '../repository.ts';
import { collectSteps, phasesOf } from '../walk/collect.ts';
import { settingPath } from '../walk/view.ts';
import { mapsIn, suggest } from './context.ts';

/** Queries of other types are told by their shape. */
const TYPES: ReadonlySet<string> = new Set(['prometheus', 'http', 'cloudWatch', 'azureMonitor']);

/** A question, and the sources that are known where it is asked; undefined when they cannot be told. */
interface Asked extends Question {
  readonly phase: JsonObject | undefined;
  readonly own: Json | undefined;
}

/** Every question goes to a source that its environment, or the step itself, has, and that is of its type. */
export function checkMetricSources(document: ParsedDocument, catalogues: Catalogues, kinds: Kinds): void {
  const { raw } = document;
  if (!raw || document.kind !== 'Runbook') return;
  for (const asked of questionsOf(raw, kinds)) checkQuestion(document, catalogues, asked);
}

function* askedIn(value: Json | undefined, path: Path, where: Pick<Asked, 'phase' | 'own'>): Generator<Asked> {
  for (const asked of questionsIn(value, path)) if (typeof asked.question['from'] === 'string') yield { ...asked, ...where };
}

function* questionsOf(raw: JsonObject, kinds: Kinds): Generator<Asked> {
  const phases = phasesOf(raw);
  for (const [index, phase] of phases.entries()) {
    const base: Path = ['phases', index];
    if (isObject(phase['analysis'])) yield* askedIn(phase['analysis']['metrics'], [...base, 'analysis', 'metrics'], { phase, own: undefined });
    for (const [position, watch] of mapsIn(phase['watch'])) {
      const { uses, with: settings } = watch;
      if (typeof uses === 'string' && kinds.get(uses)?.takesSources === true && isObject(settings))
        yield* askedIn(settings, [...base, 'watch', position, 'with'], { phase, own: settings['sources'] });
    }
  }
  for (const step of collectSteps(raw, kinds)) {
    if (step.kind?.takesSources !== true) continue;
    const phase = step.phase === undefined ? undefined : phases[step.phase];
    yield* askedIn(step.settings, settingPath(step, []), { phase, own: step.settings['sources'] });
  }
}

function checkQuestion({ reporter }: ParsedDocument, catalogues: Catalogues, { path, question, phase, own }: Asked): void {
  const name = String(question['from'] as string); // askedIn has looked
  if (isTemplate(name)) return; // told elsewhere
  const environment = phase?.['environment'];
  const loaded = typeof environment === 'string' ? catalogues.Environment.get(environment) : undefined;
  const common = loaded?.raw?.['metricSources'];
  const known: JsonObject = { ...(isObject(common) ? common : {}), ...(isObject(own) ? own : {}) };
  const source = Object.hasOwn(known, name) ? known[name] : undefined;
  const at: Path = [...path, 'from'];
  if (isObject(source)) {
    if (typeof source['type'] !== 'string' || source['type'] === question['type'] || !TYPES.has(String(question['type'] as string))) return;
    const hint = `write type: ${source['type']}, or name another source`;
    reporter.report({
      code: 'METRIC_SOURCE_TYPE',
      path: at,
      message: `"${name}" is of type ${source['type']}, and the query of type ${String(question['type'] as string)}`,
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
