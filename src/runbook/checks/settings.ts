import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import { isTemplate } from '../../expr/index.ts';
import type { AnyKind } from '../../steps/index.ts';
import type { z } from 'zod';
import { withSchemaOf } from '../kinds.ts';
import { dualRunParts } from '../dual-run.ts';
import type { Path } from '../path.ts';
import { DualRun } from '../schema/runbook.ts';
import type { Mistake } from '../report.ts';
import { mistakesOf } from '../shape/issues.ts';
import { valueAt } from '../shape/schema-at.ts';
import { settingPath } from '../walk/view.ts';
import { type Context, mapsIn } from './context.ts';

/** Every `with` has the shape its kind asks for; expressions are somebody else's business. */
export function checkSettings(context: Context): void {
  for (const step of context.steps) {
    if (!step.kind || (step.raw['with'] !== undefined && !isObject(step.raw['with']))) continue;
    for (const mistake of settingMistakes(step.kind, step.settings)) {
      const path = settingPath(step, mistake.path);
      const isEnv = mistake.code === 'UNKNOWN_KEY' && step.raw['env'] !== undefined && mistake.path.join('.') === 'env';
      const hint = isEnv ? 'remove it; only kinds that run commands have an environment' : mistake.hint;
      context.report({ ...mistake, path, hint, message: inStep(mistake, step.uses) });
    }
  }
  for (const [index, phase] of context.phases.entries()) {
    dualRunSettings(context, phase, ['phases', index, 'with']);
    for (const [position, watch] of mapsIn(phase['watch'])) watchSettings(context, watch, ['phases', index, 'watch', position]);
  }
}

/** Stands for metrics that the shape of the phase has checked: rules about times are silent beside a metric that is wrong. */
const ANY_METRIC: JsonObject = {
  name: 'any',
  kind: 'ratio',
  source: {
    baseline: { type: 'http', from: 'any', path: '/old', events: '$.events', trials: '$.trials' },
    candidate: { type: 'http', from: 'any', path: '/new', events: '$.events', trials: '$.trials' },
  },
};

/**
 * A dual run's `with` becomes the settings of a bench.probe and a metrics.collect step, which may ask for more than the shape of the phase
 * does.
 */
function dualRunSettings(context: Context, phase: JsonObject, path: Path): void {
  if (phase['type'] !== 'dualRun' || !isObject(phase['with']) || !DualRun.safeParse(phase['with']).success) return;
  const { probe, collect: collected } = dualRunParts(phase);
  const collect = collected && { ...collected, metrics: [ANY_METRIC] };
  for (const [uses, settings] of [
    ['bench.probe', probe],
    ['metrics.collect', collect],
  ] as const) {
    const kind = context.kinds.get(uses);
    if (!kind || !settings) continue;
    for (const mistake of settingMistakes(kind, settings))
      context.report({ ...mistake, path: [...path, ...mistake.path], message: inStep(mistake, kind.uses) });
  }
}

function watchSettings(context: Context, watch: JsonObject, path: Path): void {
  const { uses } = watch;
  const kind = typeof uses === 'string' ? context.kinds.get(uses) : undefined;
  const settings = watch['with'] ?? {};
  if (!kind || !isObject(settings)) return;
  for (const mistake of settingMistakes(kind, settings))
    context.report({ ...mistake, path: [...path, 'with', ...mistake.path], message: inStep(mistake, kind.uses) });
}

function inStep(mistake: Mistake, uses: string): string {
  if (mistake.code === 'UNKNOWN_KEY') return mistake.message.replace('unknown key', `${uses} has no setting`);
  return mistake.code === 'MISSING_KEY' ? `${mistake.message}; ${uses} needs it` : mistake.message;
}

/** What is wrong with the settings of a kind, paths relative to `with`. */
function settingMistakes(kind: AnyKind, settings: JsonObject): readonly Mistake[] {
  const shape: z.ZodType = kind.with; // AnyKind forgets which object it is
  const parsed = shape.safeParse(settings);
  if (parsed.success) return [];
  return mistakesOf(parsed.error.issues, { value: settings, schema: withSchemaOf(kind), ignores: (path) => isExpressionAt(settings, path) });
}

/** Is the value at the path text with an expression in it? */
export function isExpressionAt(value: Json, path: Path): boolean {
  const written = valueAt(value, path);
  return typeof written === 'string' && isTemplate(written);
}
