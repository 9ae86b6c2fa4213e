import { isArray, isObject, type Json, type JsonObject, parseDuration } from '../../core/index.ts';
import type { ResolvedPhase, ResolvedStep } from '../../runbook/index.ts';
import { type Build, type Place, resolve } from './build.ts';
import { nodeOf } from './node.ts';

interface Extra {
  readonly name: string;
  readonly label?: string;
  readonly id: string;
  readonly uses: string;
  readonly with: JsonObject;
  readonly sourcePath: string;
  readonly timeout?: number;
}

/** Nodes that a phase waits for before its steps: the delay, then the approval, so that people decide on what the delay showed. */
export function addGates(build: Build, phase: ResolvedPhase, place: Place, mutates: boolean): readonly string[] {
  const index = build.runbook.runbook.phases.indexOf(phase);
  const written = sourceOf(build, index);
  const gates: string[] = [];
  if (phase.after !== undefined) {
    const settings = { duration: written['after'] ?? `${phase.after}ms` };
    gates.push(...add(build, place, { name: '@after', id: `${phase.id}-after`, uses: 'pause', with: settings, sourcePath: `phases[${index}].after` }, []));
  }
  const approval = approvalOf(build, phase, { index, written, mutates });
  if (approval) gates.push(...add(build, place, { name: '@approval', id: `${phase.id}-approval`, uses: 'approval', ...approval }, [...gates]));
  return gates;
}

/** The probe and the verdict of a dual run, after the phase's own steps. */
export function addDualRun(build: Build, phase: ResolvedPhase, place: Place, steps: readonly string[]): readonly string[] {
  const index = build.runbook.runbook.phases.indexOf(phase);
  const written = sourceOf(build, index);
  const [settings, analysis] = [written['with'], written['analysis']];
  if (!isObject(settings)) return [];
  const probe = add(
    build,
    place,
    {
      name: '@probe',
      id: `${phase.id}-probe`,
      uses: 'bench.probe',
      with: { ...probeSettings(settings, analysis), ...watchSettings(analysis) },
      sourcePath: `phases[${index}].with`,
      ...timeLimit(build, phase, { ...settings, ...extension(analysis) }),
    },
    [...place.gates, ...steps],
  );
  if (!isObject(analysis) || probe.length === 0) return probe;
  const evidence = { evidence: `\${{ steps.${phase.id}-probe.outputs.evidence }}` };
  const verdict = {
    name: '@analysis',
    label: `judge ${metricsOf(analysis)
      .map(({ name }) => (typeof name === 'string' ? name : '?'))
      .join(', ')}`,
    id: `${phase.id}-analysis`,
    uses: 'analysis',
    with: { ...analysis, metrics: withoutSources(metricsOf(analysis)), ...evidence },
    sourcePath: `phases[${index}].analysis`,
  };
  return [...probe, ...add(build, place, verdict, probe)];
}

function add(build: Build, place: Place, extra: Extra, needs: readonly string[]): readonly string[] {
  const path = `${place.prefix}/${extra.name}`;
  const { name: _name, label, ...rest } = extra;
  const step: ResolvedStep = { ...rest, ...(label === undefined ? {} : { name: label }) };
  const node = nodeOf(build, step, place, { path, needs });
  if (!node) return [];
  build.nodes.set(path, node);
  return [path];
}

/** A phase's own approval; else its environment's, which guards only phases that change something. */
function approvalOf(
  build: Build,
  phase: ResolvedPhase,
  { index, written, mutates }: { readonly index: number; readonly written: JsonObject; readonly mutates: boolean },
): Pick<Extra, 'with' | 'sourcePath'> | undefined {
  const own = written['approval'];
  if (isObject(own)) return { with: own, sourcePath: `phases[${index}].approval` };
  const common = phase.environment === undefined ? undefined : build.environments.get(phase.environment)?.source['approval'];
  return mutates && common !== undefined && isObject(common) ? { with: common, sourcePath: `phases[${index}].environment` } : undefined;
}

/** Bodies are compared while they are at hand, so the probe must know which fields never match. */
function probeSettings(settings: JsonObject, analysis: Json | undefined): JsonObject {
  const ignore = metricsOf(analysis).flatMap(({ kind, ignore: names }) => (kind === 'mismatch' && names !== undefined && isArray(names) ? names : []));
  return ignore.length > 0 ? { ...settings, ignore: [...new Set(ignore)] } : settings;
}

/** The probe watches for harm while it runs, and goes on while the metrics are undecided, so it must know them. */
function watchSettings(analysis: Json | undefined): JsonObject {
  const metrics = withoutSources(metricsOf(analysis)).map(({ ignore: _ignore, ...rest }) => rest);
  if (analysis === undefined || !isObject(analysis) || metrics.length === 0) return {};
  const { confidence } = analysis;
  return { watch: { metrics, ...(confidence === undefined ? {} : { confidence }), ...extension(analysis) } };
}

function extension(analysis: Json | undefined): JsonObject {
  if (analysis === undefined || !isObject(analysis) || analysis['onInconclusive'] !== 'extend' || analysis['maxDuration'] === undefined) return {};
  return { extendTo: analysis['maxDuration'] };
}

/** Where a metric is sampled is the business of whoever samples it, and may hold secrets. */
function withoutSources(metrics: readonly JsonObject[]): readonly JsonObject[] {
  return metrics.map(({ source: _source, ...rest }) => rest);
}

function metricsOf(analysis: Json | undefined): readonly JsonObject[] {
  const metrics = analysis !== undefined && isObject(analysis) ? analysis['metrics'] : undefined;
  return metrics !== undefined && isArray(metrics) ? metrics.filter(isObject) : [];
}

const SLACK_MS = 10 * 60_000;
const LONGEST_MS = 7 * 24 * 3_600_000;

/** A probe takes as long as it says, and a little more. */
function timeLimit(build: Build, phase: ResolvedPhase, settings: JsonObject): { readonly timeout: number } {
  const parts = [settings['extendTo'] === undefined ? 'duration' : 'extendTo', 'warmUp', 'abCheck'].flatMap((name) =>
    settings[name] === undefined ? [] : [resolve(build, phase.environment, settings[name]).value],
  );
  const times = parts.map((value) => (typeof value === 'string' ? parseDuration(value) : undefined));
  const sum = times.reduce<number | undefined>((total, ms) => (total === undefined || ms === undefined ? undefined : total + ms), 0);
  return { timeout: sum === undefined ? LONGEST_MS : Math.max(sum * 2, sum + SLACK_MS) };
}

function sourceOf(build: Build, index: number): JsonObject {
  const phases = build.runbook.source['phases'];
  const phase = phases !== undefined && isArray(phases) ? phases[index] : undefined;
  return phase !== undefined && isObject(phase) ? phase : {};
}
