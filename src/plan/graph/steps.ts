import { isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { ResolvedStep } from '../../runbook/index.ts';
import type { PlanNode } from '../types.ts';
import { type Build, type Place, report } from './build.ts';
import { needsOf, nodeOf } from './node.ts';
import { bandOf, impliedCompensation } from './undo.ts';

/**
 * Add the nodes of a list of steps and of everything nested in them. A step without `needs` waits for the step before it.
 *
 * @returns paths of the list's own nodes, in file order.
 */
export function addSteps(build: Build, steps: readonly ResolvedStep[], place: Place, firstIndex = 0): readonly string[] {
  const paths = steps.map((step, index) => `${place.prefix}/${nameOf(build, step, place, firstIndex + index)}`);
  const siblings = new Map(steps.map((step, index) => [step.id, paths[index] ?? '']));
  return steps.flatMap((step, index) => {
    const path = paths[index] ?? '';
    const needs = needsOf(build, step, { place, siblings, previous: paths[index - 1] });
    const node = nodeOf(build, step, place, { path, needs });
    if (!node) return [];
    if (build.nodes.has(path))
      report(build, 'DUPLICATE_STEP', step.sourcePath, { message: `two steps have the path "${path}"`, hint: 'give one of them another id' });
    build.nodes.set(path, place.role === 'compensate' ? { ...node, order: bandOf(build, node, place) } : node);
    addNested(build, step, node, place);
    return [path];
  });
}

function addNested(build: Build, step: ResolvedStep, node: PlanNode, place: Place): void {
  const below = (role: PlanNode['role']): Place => ({
    phase: place.phase,
    role,
    owner: node.path,
    prefix: `${node.path}/${role}`,
    gates: [],
    earlier: place.earlier,
  });
  let count = 0;
  for (const [branch, steps] of [...Object.entries(step.cases ?? {}), ...(step.default ? [['default', step.default] as const] : [])]) {
    addSteps(build, steps, { ...below('case'), branch }, count);
    count += steps.length;
  }
  addSteps(build, step.rescue ?? [], below('rescue'));
  addSteps(build, step.finally ?? [], below('finally'));
  if (place.role === 'compensate' || place.role === 'rollback') {
    if (step.compensate)
      report(build, 'NESTED_COMPENSATE', `${step.sourcePath}.compensate`, {
        message: `"${step.id}" runs in a rollback and cannot be rolled back`,
        hint: 'use "rescue" to handle its failure',
      });
  } else if (step.compensate) {
    addSteps(build, step.compensate, below('compensate'));
    unlockBands(build, node.path);
  } else if (place.role !== 'finally') {
    const implied = impliedCompensation(build, node, place);
    if (implied) build.nodes.set(implied.path, implied);
  }
}

const BAND = { early: 0, traffic: 1, normal: 2 } as const;

/** A compensation never waits for one of a later band: traffic must not wait for anything that only comes after it. */
function unlockBands(build: Build, owner: string): void {
  for (const node of build.nodes.values()) {
    if (node.owner !== owner || node.role !== 'compensate') continue;
    const bandOfPath = (path: string) => BAND[build.nodes.get(path)?.order ?? 'normal'];
    const needs = node.needs.filter((need) => bandOfPath(need) <= BAND[node.order ?? 'normal']);
    if (needs.length < node.needs.length) build.nodes.set(node.path, { ...node, needs });
  }
}

/**
 * Top-level steps are called by their id; nested ones by the id that was written, else by their position. Compensations always by their
 * position: the engine keeps the order of their paths.
 */
function nameOf(build: Build, step: ResolvedStep, place: Place, index: number): string {
  if (place.role === 'step') return step.id;
  return place.role !== 'compensate' && hasWrittenId(build.runbook.source, step.sourcePath) ? step.id : String(index);
}

function hasWrittenId(source: JsonObject, path: string): boolean {
  let at: Json | undefined = source;
  for (const part of path.split(/[.[\]]+/).filter((each) => each !== '')) {
    at = at === undefined ? undefined : isArray(at) ? at[Number(part)] : isObject(at) ? at[part] : undefined;
  }
  return at !== undefined && isObject(at) && typeof at['id'] === 'string';
}
