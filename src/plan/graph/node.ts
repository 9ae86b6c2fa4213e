import { didYouMean, messageOf } from '../../core/index.ts';
import type { z } from 'zod';
import type { ResolvedStep, RollbackTrigger } from '../../runbook/index.ts';
import type { AnyKind } from '../../steps/index.ts';
import type { PlanNode } from '../types.ts';
import { type Build, type Place, report, resolve } from './build.ts';
import { idempotencyOf, onFailureOf, retryOf, timeoutOf } from './defaults.ts';
import { hostRuleOf } from './hosts.ts';
import { withSources } from './metric-sources.ts';

/** The node of one step, without what is nested in it; undefined, with a problem, when its kind is unknown. */
export function nodeOf(
  build: Build,
  written: ResolvedStep,
  place: Place,
  { path, needs }: { readonly path: string; readonly needs: readonly string[] },
): PlanNode | undefined {
  const kind = kindFor(build, written);
  if (!kind) return undefined;
  const step = kind.takesSources === true ? { ...written, with: withSources(build, written, place.phase.environment) } : written;
  const hosts = hostRuleOf(build, step, kind, place);
  const { defaults } = build.runbook.runbook;
  const forward = place.role === 'step' || place.role === 'case' || place.role === 'rescue';
  return {
    path,
    phase: place.phase.id,
    id: step.id,
    label: labelOf(build, step, kind, place),
    uses: step.uses,
    role: place.role,
    ...belonging(place),
    needs,
    with: step.with,
    ...optional(step),
    failFast: step.failFast ?? true,
    ...(hosts ? { hosts } : {}),
    retry: retryOf(step, kind, defaults),
    timeoutMs: timeoutOf(step, kind, defaults),
    onFailure: onFailureOf(step, kind, forward ? defaults : undefined),
    idempotency: idempotencyOf(step, kind),
    mutates: kind.mutates,
    trigger: triggerOf(kind),
    pointOfNoReturn: place.role === 'step' && place.phase.pointOfNoReturn === step.id,
    source: { file: build.runbook.file, line: build.runbook.at(step.sourcePath).line },
  };
}

function kindFor(build: Build, { uses, sourcePath }: ResolvedStep): AnyKind | undefined {
  const kind = build.kindOf(uses);
  if (!kind) report(build, 'UNKNOWN_KIND', `${sourcePath}.uses`, { message: `there is no kind of step "${uses}"`, hint: 'see "slipway schema" for all kinds' });
  return kind;
}

function belonging({ owner, branch }: Place): Pick<PlanNode, 'owner' | 'branch'> {
  return { ...(owner === undefined ? {} : { owner }), ...(branch === undefined ? {} : { branch }) };
}

function optional(step: ResolvedStep): Pick<PlanNode, 'if' | 'foreach' | 'maxParallel' | 'heartbeatMs' | 'deadlineMs'> {
  return {
    ...(step.if === undefined ? {} : { if: step.if }),
    // JSON by the schema of a step.
    ...(step.foreach === undefined ? {} : { foreach: step.foreach as NonNullable<PlanNode['foreach']> }),
    ...(step.maxParallel === undefined ? {} : { maxParallel: step.maxParallel }),
    ...(step.heartbeat === undefined ? {} : { heartbeatMs: step.heartbeat }),
    ...(step.deadline === undefined ? {} : { deadlineMs: step.deadline }),
  };
}

function triggerOf(kind: AnyKind): RollbackTrigger {
  return kind.uses === 'approval' ? 'approvalDenied' : (kind.failureTrigger ?? 'stepFailed');
}

/** Words for people: the name, else what the kind says about these settings, else the id. Known settings are checked on the way. */
function labelOf(build: Build, step: ResolvedStep, kind: AnyKind, place: Place): string {
  const settings = resolve(build, place.phase.environment, step.with);
  if (!settings.known) return step.name ?? step.id;
  const shape: z.ZodType<unknown> = kind.with;
  const parsed = shape.safeParse(settings.value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) reportSetting(build, step, issue);
    return step.name ?? step.id;
  }
  if (step.name !== undefined) return step.name;
  try {
    return kind.describe(parsed.data);
  } catch (thrown) {
    report(build, 'BAD_SETTING', `${step.sourcePath}.with`, { message: `${step.uses} cannot use these settings: ${messageOf(thrown)}` });
    return step.id;
  }
}

function reportSetting(build: Build, step: ResolvedStep, issue: z.core.$ZodIssue): void {
  const at = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  const message = `${step.uses}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
  report(build, 'BAD_SETTING', `${step.sourcePath}.with${at}`, { message });
}

/** Paths a step waits for: the gates, and what `needs` names; without `needs`, the step before it. */
export function needsOf(
  build: Build,
  step: ResolvedStep,
  { place, siblings, previous }: { readonly place: Place; readonly siblings: ReadonlyMap<string, string>; readonly previous: string | undefined },
): readonly string[] {
  if (step.needs === undefined) return [...place.gates, ...(previous === undefined ? [] : [previous])];
  const paths = step.needs.flatMap((need, index) => {
    const path = siblings.get(need);
    if (path !== undefined) return [path];
    if (!place.earlier.has(need)) {
      const near = didYouMean(need, siblings.keys());
      const hint = near ? `did you mean "${near}"?` : `steps it may need: ${[...siblings.keys()].join(', ')}`;
      report(build, 'UNKNOWN_NEED', `${step.sourcePath}.needs[${index}]`, { message: `"${step.id}" needs "${need}", which is no step beside it`, hint });
    }
    return [];
  });
  return [...new Set([...place.gates, ...paths])];
}
