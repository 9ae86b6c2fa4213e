import { isArray, isObject, type JsonObject, parseDuration } from '../../core/index.ts';
import { dualRunParts, metricsOf, type ResolvedPhase, type ResolvedStep } from '../../runbook/index.ts';
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

/** The measurements of a dual run, side by side, and their verdict, after the phase's own steps. */
export function addDualRun(build: Build, phase: ResolvedPhase, place: Place, steps: readonly string[]): readonly string[] {
  const index = build.runbook.runbook.phases.indexOf(phase);
  const written = sourceOf(build, index);
  const { probe, collect, analysis } = dualRunParts(written);
  const common = { sourcePath: `phases[${index}].with` };
  const measure = (name: string, uses: string, settings: JsonObject | undefined): readonly string[] => {
    if (settings === undefined) return [];
    const id = `${phase.id}-${name}`;
    return add(build, place, { name: `@${name}`, id, uses, with: settings, ...common, ...timeLimit(build, phase, settings) }, [...place.gates, ...steps]);
  };
  const watching = probe && { ...probe, ...watchSettings(analysis) };
  const [probed, collected] = [measure('probe', 'bench.probe', watching), measure('collect', 'metrics.collect', collect)];
  const measured = [...probed, ...collected];
  if (analysis === undefined || measured.length === 0) return measured;
  const evidenceOf = (name: string) => `\${{ steps.${phase.id}-${name}.outputs.evidence }}`;
  const evidence = {
    ...(probed.length > 0 ? { evidence: evidenceOf('probe') } : {}),
    ...(collected.length > 0 ? { series: evidenceOf('collect') } : {}),
  };
  const verdict = {
    name: '@analysis',
    label: `judge ${metricsOf(analysis)
      .map(({ name }) => (typeof name === 'string' ? name : '?'))
      .join(', ')}`,
    id: `${phase.id}-analysis`,
    uses: 'analysis',
    with: { ...analysis, ...evidence },
    sourcePath: `phases[${index}].analysis`,
  };
  return [...measured, ...add(build, place, verdict, measured)];
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

/** The probe watches for harm while it runs, and goes on while the metrics are undecided, so it must know them. */
function watchSettings(analysis: JsonObject | undefined): JsonObject {
  const probed = metricsOf(analysis).filter(({ kind }) => kind !== 'numeric' && kind !== 'ratio');
  if (analysis === undefined || probed.length === 0) return {};
  const { confidence, onInconclusive, maxDuration } = analysis;
  const metrics = probed.map(({ ignore: _ignore, ...rest }) => rest);
  const isExtended = onInconclusive === 'extend' && maxDuration !== undefined;
  return { watch: { metrics, ...(confidence === undefined ? {} : { confidence }), ...(isExtended ? { extendTo: maxDuration } : {}) } };
}

const SLACK_MS = 10 * 60_000;
const LONGEST_MS = 7 * 24 * 3_600_000;

/** A measurement takes as long as it says, and a little more. */
function timeLimit(build: Build, phase: ResolvedPhase, settings: JsonObject): { readonly timeout: number } {
  const { watch } = settings;
  const extendTo = isObject(watch) ? watch['extendTo'] : undefined;
  const parts = [extendTo ?? settings['duration'], settings['warmUp'], settings['abCheck'], settings['settle']].flatMap((written) =>
    written === undefined ? [] : [resolve(build, phase.environment, written).value],
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
