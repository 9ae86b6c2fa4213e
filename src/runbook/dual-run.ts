import { isArray, isObject, type Json, type JsonObject } from '../core/index.ts';

/** Settings that only one of the two measurements has. */
const OF_PROBE = ['abCheck', 'rate', 'requests'] as const;
const OF_COLLECT = ['slot', 'settle'] as const;

/** What the keys `with` and `analysis` of a dualRun phase become, as they were written; what there is none of is absent. */
export interface DualRunParts {
  /** Settings of a bench.probe step. */
  readonly probe?: JsonObject;
  /** Settings of a metrics.collect step. */
  readonly collect?: JsonObject;
  /** Settings of an analysis step, without what the measurements put out. */
  readonly analysis?: JsonObject;
}

/** Take a dual run apart. Tolerates everything, because checks look at it before it is known to be valid. */
export function dualRunParts({ with: settings, analysis }: JsonObject): DualRunParts {
  const metrics = metricsOf(analysis);
  const sourced = metrics.filter(({ source }) => source !== undefined);
  const judged = isObject(analysis) ? { analysis: { ...analysis, metrics: metrics.map(withoutSource) } } : {};
  if (!isObject(settings)) return judged;
  return {
    ...(isLive(settings) ? {} : { probe: probeOf(settings, metrics) }),
    ...(sourced.length > 0 ? { collect: collectOf(settings, sourced) } : {}),
    ...judged,
  };
}

/** Is traffic there already, so that no requests of our own are sent? */
export function isLive({ mode }: JsonObject): boolean {
  return mode === 'mirror' || mode === 'split';
}

export function metricsOf(analysis: Json | undefined): readonly JsonObject[] {
  const metrics = isObject(analysis) ? analysis['metrics'] : undefined;
  return metrics !== undefined && isArray(metrics) ? metrics.filter(isObject) : [];
}

/** Bodies are compared while they are at hand, so the probe must know which fields never match. */
function probeOf(settings: JsonObject, metrics: readonly JsonObject[]): JsonObject {
  const ignore = metrics.flatMap(({ kind, ignore: names }) => (kind === 'mismatch' && names !== undefined && isArray(names) ? names : []));
  return { ...without(settings, OF_COLLECT), ...(ignore.length > 0 ? { ignore: [...new Set(ignore)] } : {}) };
}

/** The same time as the probe's: its self-check is left out, as is what it warms up by. */
function collectOf(settings: JsonObject, sourced: readonly JsonObject[]): JsonObject {
  const times = ['duration', 'warmUp', 'abCheck', ...OF_COLLECT].flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]] as const]));
  const metrics = sourced.map(({ name, kind, unit, source }) => ({
    ...(name === undefined ? {} : { name }),
    ...(kind === undefined ? {} : { kind }),
    ...(unit === undefined ? {} : { unit }),
    ...(source === undefined ? {} : { source }),
  }));
  return { ...Object.fromEntries(times), metrics };
}

/** Where the numbers come from is no business of whoever judges them; the series itself says what they are. */
function withoutSource(metric: JsonObject): JsonObject {
  return without(metric, ['source', 'unit']);
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** Settings of a dual run that mean nothing without a probe. */
export function probeOnly(settings: JsonObject): readonly string[] {
  return OF_PROBE.filter((name) => settings[name] !== undefined);
}
