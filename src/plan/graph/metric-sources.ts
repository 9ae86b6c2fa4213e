import { isObject, type JsonObject } from '../../core/index.ts';
import { questionsIn, type ResolvedStep } from '../../runbook/index.ts';
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
  const questions = [...questionsIn(settings)].map(({ question }) => question);
  for (const { host } of questions) if (typeof host === 'string') noteHost(build, host, sourcePath);
  const common = environment === undefined ? undefined : build.environments.get(environment)?.source['metricSources'];
  const named = new Set(questions.map(({ from }) => from));
  const found = Object.entries(isObject(common) ? common : {}).filter(([name]) => named.has(name));
  const own = settings['sources'];
  return found.length === 0 ? settings : { ...settings, sources: { ...Object.fromEntries(found), ...(isObject(own) ? own : {}) } };
}

function noteHost(build: Build, host: string, sourcePath: string): void {
  const names = select(build, host, { sourcePath });
  if (names.length <= 1) return;
  const hint = `name one of them: ${names.slice(0, 5).join(', ')}`;
  report(build, 'MANY_HOSTS', sourcePath, { message: `"${host}" selects ${names.length} hosts, and a metric is asked on one`, hint });
}
