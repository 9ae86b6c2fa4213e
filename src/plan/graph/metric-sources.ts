import { isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { ResolvedStep } from '../../runbook/index.ts';
import { type Build, report } from './build.ts';
import { select } from './hosts.ts';

/**
 * Settings with the metric sources that they name, as the environment has them: a plan binds whom a run asks, and a step needs
 * nothing else to ask. Sources that the step brings itself win. Hosts that are asked by a command are noted in the graph.
 */
export function withSources(
  build: Build,
  { with: settings, sourcePath }: Pick<ResolvedStep, 'with' | 'sourcePath'>,
  environment: string | undefined,
): JsonObject {
  const questions = [...questionsIn(settings)];
  for (const { host } of questions) if (typeof host === 'string') noteHost(build, host, sourcePath);
  const common = environment === undefined ? undefined : build.environments.get(environment)?.source['metricSources'];
  const named = new Set(questions.map(({ from }) => from));
  const found = Object.entries(isObject(common) ? common : {}).filter(([name]) => named.has(name));
  const own = settings['sources'];
  return found.length === 0 ? settings : { ...settings, sources: { ...Object.fromEntries(found), ...(isObject(own) ? own : {}) } };
}

/** Everything that asks a source: it has a type, and `from` or `host`. */
function* questionsIn(value: Json): Generator<JsonObject> {
  if (value === null || typeof value !== 'object') return;
  if (isArray(value)) for (const child of value) yield* questionsIn(child);
  else {
    if (typeof value['type'] === 'string' && (value['from'] !== undefined || value['host'] !== undefined)) yield value;
    for (const [key, child] of Object.entries(value)) if (key !== 'sources') yield* questionsIn(child);
  }
}

function noteHost(build: Build, host: string, sourcePath: string): void {
  const names = select(build, host, { sourcePath });
  if (names.length <= 1) return;
  const hint = `name one of them: ${names.slice(0, 5).join(', ')}`;
  report(build, 'MANY_HOSTS', sourcePath, { message: `"${host}" selects ${names.length} hosts, and a metric is asked on one`, hint });
}
