import { isObject, type JsonObject } from '../../core/index.ts';
import { dualRunParts, isLive, metricsOf, probeOnly } from '../dual-run.ts';
import type { Path } from '../path.ts';
import { type Context, textOf } from './context.ts';

/** Rules of `with` and `analysis` that no single key shows. */
export function checkDualRun(context: Context, phase: JsonObject, path: Path): void {
  const type = textOf(phase, 'type');
  if (type === undefined) return;
  if (type !== 'dualRun') checkElsewhere(context, phase, { path, type });
  else if (phase['analysis'] !== undefined && phase['with'] === undefined) {
    context.report({
      code: 'ANALYSIS_WITHOUT_PROBE',
      path: [...path, 'analysis'],
      atKey: true,
      message: '"analysis" has nothing to judge',
      hint: 'add with: {baseline: <old>, candidate: <new>, …}, which measures both sides',
    });
  } else if (isObject(phase['with']) && isLive(phase['with'])) checkLive(context, phase, { path, settings: phase['with'] });
}

/** A measurement that may go on needs an end. */
export function checkExtend(context: Context, phase: JsonObject, path: Path): void {
  const { analysis } = phase;
  if (!isObject(analysis) || analysis['onInconclusive'] !== 'extend' || analysis['maxDuration'] !== undefined) return;
  context.report({
    code: 'EXTEND_WITHOUT_END',
    path: [...path, 'analysis', 'onInconclusive'],
    message: '"extend" does not say how long the measurement may become',
    hint: 'add maxDuration: <most time that measuring may take>, or use onInconclusive: pause',
  });
}

function checkElsewhere(context: Context, phase: JsonObject, { path, type }: { readonly path: Path; readonly type: string }): void {
  for (const key of ['with', 'analysis'] as const) {
    if (phase[key] === undefined) continue;
    context.report({
      code: 'DUAL_RUN_ONLY',
      path: [...path, key],
      atKey: true,
      message: `"${key}" belongs to a dualRun phase, and this one is of type ${type}`,
      hint: key === 'with' ? 'settings of a step go to the "with" of that step' : 'use type: dualRun, or a step with uses: analysis',
    });
  }
}

/** Without a probe there is nothing but what metric sources say. */
function checkLive(context: Context, phase: JsonObject, { path, settings }: { readonly path: Path; readonly settings: JsonObject }): void {
  const mode = String(textOf(settings, 'mode'));
  for (const key of probeOnly(settings)) {
    context.report({
      code: 'PROBE_ONLY',
      path: [...path, 'with', key],
      atKey: true,
      message: `"${key}" has no meaning in mode ${mode}, which sends no requests of its own`,
      hint: 'remove it, or use mode: probe',
    });
  }
  for (const [index, metric] of metricsOf(phase['analysis']).entries()) {
    const kind = textOf(metric, 'kind');
    if (kind === undefined || !['latency', 'rate', 'mismatch', 'throughput'].includes(kind)) continue;
    context.report({
      code: 'PROBE_ONLY',
      path: [...path, 'analysis', 'metrics', index, 'kind'],
      message: `${kind} is measured by a probe, and mode ${mode} has none`,
      hint: 'use kind: numeric or ratio with a source, or mode: probe',
    });
  }
  if (dualRunParts(phase).collect !== undefined || metricsOf(phase['analysis']).length > 0) return;
  context.report({
    code: 'NOTHING_MEASURED',
    path: [...path, 'with', 'mode'],
    message: `mode ${mode} measures what metric sources say, and no metric has a source`,
    hint: 'add analysis: {metrics: [{name: …, kind: ratio, source: …}]}',
  });
}
