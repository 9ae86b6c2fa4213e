import type { z } from 'zod';
import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { AnyKind, Undo } from '../../steps/index.ts';
import type { PlanNode } from '../types.ts';
import { type Build, type Place, resolve } from './build.ts';
import { idempotencyOf, retryOf, timeoutOf } from './defaults.ts';

/**
 * What undoes a step, as its kind says. Settings known at plan time are filled in; a kind is also asked while some are
 * still expressions, which it passes on.
 */
export function undoOf(build: Build, uses: string, settings: JsonObject, environment: string | undefined): Undo | undefined {
  const kind = build.kindOf(uses);
  if (!kind || kind.target === 'control' || !kind.undo) return undefined;
  const { value } = resolve(build, environment, settings);
  const shape: z.ZodType<Json> = kind.with;
  const parsed = shape.safeParse(value);
  return kind.undo(parsed.success ? parsed.data : value);
}

/** The compensation of a node whose runbook declares none. */
export function impliedCompensation(build: Build, owner: PlanNode, place: Place): PlanNode | undefined {
  const undo = undoOf(build, owner.uses, owner.with, place.phase.environment);
  const kind = undo && build.kindOf(undo.uses);
  if (!undo || !kind) return undefined;
  const settings: Json = undo.with;
  return {
    path: `${owner.path}/compensate/undo`,
    phase: owner.phase,
    id: `${owner.id}-undo`,
    label: labelOf(kind, undo) ?? `undo ${owner.id}`,
    uses: undo.uses,
    role: 'compensate',
    owner: owner.path,
    needs: [],
    with: isObject(settings) ? settings : {},
    failFast: false,
    ...(owner.hosts ? { hosts: onTheSameHosts(owner.hosts) } : {}),
    retry: retryOf({}, kind, build.runbook.runbook.defaults),
    timeoutMs: timeoutOf({}, kind, build.runbook.runbook.defaults),
    onFailure: 'fail',
    idempotency: idempotencyOf({}, kind),
    mutates: kind.mutates,
    trigger: 'stepFailed',
    pointOfNoReturn: false,
    order: bandOf(build, { uses: undo.uses, with: undo.with, first: undo.first }, place),
    implied: true,
    source: owner.source,
  };
}

/** Traffic first; then what a decommission took from the old side; then the rest. */
export function bandOf(
  build: Build,
  compensation: { readonly uses: string; readonly with: JsonObject; readonly first?: Undo['first'] },
  place: Place,
): 'early' | 'traffic' | 'normal' {
  const first = compensation.first ?? undoOf(build, compensation.uses, compensation.with, place.phase.environment)?.first;
  if (first === 'traffic') return 'traffic';
  return place.phase.type === 'decommission' ? 'early' : 'normal';
}

function onTheSameHosts({ pattern, names, become, runOnce }: NonNullable<PlanNode['hosts']>): NonNullable<PlanNode['hosts']> {
  return { pattern, names, serial: [{ fraction: 1 }], strategy: 'linear', anyErrorsFatal: false, runOnce, ...(become ? { become } : {}) };
}

function labelOf(kind: AnyKind, undo: Undo): string | undefined {
  const shape: z.ZodType<unknown> = kind.with;
  const parsed = shape.safeParse(undo.with);
  return parsed.success ? kind.describe(parsed.data) : undefined;
}
