import type { StepView } from './view.ts';
import { neededIds } from './view.ts';

/** The steps of one list that have ended when this one starts. */
export function stepsBefore(step: StepView): ReadonlySet<StepView> {
  const before = new Set<StepView>();
  const byId = new Map(step.siblings.map((sibling) => [sibling.id, sibling]));
  const open = [step];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const id of neededIds(next)) {
      const needed = byId.get(id);
      if (needed && needed !== step && !before.has(needed)) {
        before.add(needed);
        open.push(needed);
      }
    }
  }
  return before;
}

/** The shortest loop of needs in a list, as ids with the first repeated at the end; undefined when there is none. */
export function findLoop(siblings: readonly StepView[]): readonly StepView[] | undefined {
  const byId = new Map(siblings.map((step) => [step.id, step]));
  let shortest: readonly StepView[] | undefined;
  for (const start of siblings) {
    const loop = loopFrom(start, byId);
    if (loop && loop.length < (shortest?.length ?? Infinity)) shortest = loop;
  }
  return shortest;
}

/** Breadth first from `start` back to itself. */
function loopFrom(start: StepView, byId: ReadonlyMap<string, StepView>): readonly StepView[] | undefined {
  const reachedFrom = new Map<StepView, StepView>();
  const queue = [start];
  for (let at = queue.shift(); at; at = queue.shift()) {
    for (const id of neededIds(at)) {
      const next = byId.get(id);
      if (next === start) return [...trace(at, reachedFrom), start];
      if (next && !reachedFrom.has(next)) {
        reachedFrom.set(next, at);
        queue.push(next);
      }
    }
  }
  return undefined;
}

function trace(last: StepView, reachedFrom: ReadonlyMap<StepView, StepView>): StepView[] {
  const path = [last];
  for (let at = reachedFrom.get(last); at; at = reachedFrom.get(at)) path.unshift(at);
  return path;
}

/** Everything that has ended, or at least begun, when a step starts; their outputs may be read. */
export function readableSteps(step: StepView, all: readonly StepView[]): ReadonlySet<StepView> {
  const readable = new Set<StepView>();
  const add = (other: StepView): void => {
    readable.add(other);
    for (const inner of other.inner) if (inner.role !== 'compensate') add(inner);
  };
  for (const before of stepsBefore(step)) add(before);
  if (step.owner) {
    for (const other of readableSteps(step.owner, all)) readable.add(other);
    readable.add(step.owner);
    // A step's finally and compensation come after everything else it owns.
    if (step.role === 'finally' || step.role === 'compensate')
      for (const inner of step.owner.inner) if (inner.role === 'case' || inner.role === 'rescue') add(inner);
  } else {
    for (const other of all) if (isFromBefore(other, step)) readable.add(other);
  }
  readable.delete(step);
  return readable;
}

/** Steps of earlier phases; for a phase's finally also all of its steps; for the rollback everything. */
function isFromBefore(other: StepView, step: StepView): boolean {
  if (other.role === 'rollback' || isCompensation(other)) return false;
  if (step.phase === undefined) return true;
  if (other.phase === undefined || other.phase > step.phase) return false;
  return other.phase < step.phase || (step.role === 'finally' && !isPhaseFinally(other));
}

function isCompensation(step: StepView): boolean {
  return step.role === 'compensate' || (step.owner !== undefined && isCompensation(step.owner));
}

function isPhaseFinally(step: StepView): boolean {
  return step.owner ? isPhaseFinally(step.owner) : step.role === 'finally';
}

/** Steps that have ended when a phase begins; with `index` beyond the last phase, when all have ended. */
export function stepsBeforePhase(all: readonly StepView[], index: number): readonly StepView[] {
  return all.filter((step) => step.phase !== undefined && step.phase < index && !isCompensation(step));
}
