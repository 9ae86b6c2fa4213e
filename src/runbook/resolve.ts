import type { JsonObject } from '../core/index.ts';
import type { ResolvedPhase, ResolvedRunbook, ResolvedStep } from './loaded.ts';
import { pathText } from './path.ts';
import type { Runbook } from './schema/runbook.ts';
import type { Step } from './schema/step.ts';
import type { StepView } from './walk/view.ts';

/** Fill in what loading promises: ids, `uses`, and `with` holding `run` and `env`. */
export function resolveRunbook(runbook: Runbook, views: readonly StepView[]): ResolvedRunbook {
  const byPath = new Map(views.map((view) => [pathText(view.path), view]));
  const phases = runbook.phases.map((phase, index): ResolvedPhase => {
    const { steps, finally: last, ...rest } = phase;
    return { ...rest, steps: resolveAll(steps, `phases[${index}].steps`, byPath), finally: resolveAll(last, `phases[${index}].finally`, byPath) };
  });
  const { phases: _phases, rollback, ...rest } = runbook;
  if (!rollback) return { ...rest, phases };
  return { ...rest, phases, rollback: { ...rollback, steps: resolveAll(rollback.steps, 'rollback.steps', byPath) } };
}

type Views = ReadonlyMap<string, StepView>;

function resolveAll(steps: readonly Step[] | undefined, path: string, views: Views): ResolvedStep[] {
  return (steps ?? []).map((step, index) => resolveStep(step, `${path}[${index}]`, views));
}

function resolveStep(step: Step, path: string, views: Views): ResolvedStep {
  const view = views.get(path);
  const { id: _id, uses: _uses, with: _with, run: _run, env: _env, rescue, finally: last, compensate, cases, default: other, ...rest } = step;
  const inner = { rescue, finally: last, compensate, default: other };
  const nested = Object.entries(inner).flatMap(([key, steps]) => (steps ? [[key, resolveAll(steps, `${path}.${key}`, views)] as const] : []));
  return {
    ...rest,
    id: view?.id ?? '',
    uses: view?.uses ?? '',
    with: view?.settings ?? {},
    sourcePath: path,
    ...Object.fromEntries(nested),
    ...(cases ? { cases: resolveCases(cases, path, views) } : {}),
  };
}

function resolveCases(cases: Record<string, Step[]>, path: string, views: Views): Record<string, ResolvedStep[]> {
  return Object.fromEntries(
    Object.entries(cases).map(([branch, steps]) => [branch, resolveAll(steps, `${path}${pathText(['cases', branch]).replace(/^cases/, '.cases')}`, views)]),
  );
}

/** The inputs a runbook needs from whoever calls it: no default, not secret. */
export function requiredInputs(document: JsonObject): readonly string[] {
  const { inputs } = document;
  if (typeof inputs !== 'object' || inputs === null) return [];
  return Object.entries(inputs).flatMap(([name, schema]) => (typeof schema === 'object' && schema !== null && !('default' in schema) ? [name] : []));
}
