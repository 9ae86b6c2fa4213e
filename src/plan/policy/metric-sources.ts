import { isObject, type JsonObject } from '../../core/index.ts';
import { questionsIn } from '../../runbook/index.ts';
import type { PolicyMetricSource, PolicyPhase, PolicyStep } from './document.ts';

const TYPES = ['prometheus', 'http', 'cloudWatch', 'azureMonitor', 'command'] as const;
type Place = Pick<PolicyMetricSource, 'path' | 'phase' | 'production'>;

/** Every system outside that a step or a watch asks for numbers, once for each of them. */
export function metricSourcesOf(phases: readonly PolicyPhase[], steps: readonly PolicyStep[]): readonly PolicyMetricSource[] {
  const ofSteps = steps.map(({ path, phase, production, with: settings }) => ({ place: { path, phase, production }, settings }));
  const ofWatches = phases.flatMap(({ id, production, watches }) =>
    watches.map(({ path, with: settings }) => ({ place: { path, phase: id, production }, settings })),
  );
  return [...ofSteps, ...ofWatches].flatMap(({ place, settings }) => {
    const found = [...questionsIn(settings)].flatMap(({ question }) => sourceOf(question, settings, place));
    return [...new Map(found.map((source) => [JSON.stringify(source), source])).values()];
  });
}

function sourceOf(question: JsonObject, settings: JsonObject, place: Place): readonly PolicyMetricSource[] {
  const type = TYPES.find((each) => each === question['type']);
  const { from, host, cmd } = question;
  if (type === 'command' && typeof host === 'string' && typeof cmd === 'string') return [{ ...place, name: host, type, authenticated: true, cmd }];
  if (type === undefined || typeof from !== 'string') return [];
  const { sources } = settings;
  const known = isObject(sources) && Object.hasOwn(sources, from) ? sources[from] : undefined;
  const source = isObject(known) ? known : {};
  const address = source['url'] ?? source['region'];
  const isCloud = type === 'cloudWatch' || type === 'azureMonitor';
  return [{ ...place, name: from, type, ...(typeof address === 'string' ? { address } : {}), authenticated: isCloud || source['auth'] !== undefined }];
}
