import type { HostRule } from '../../plan/index.ts';
import type { HostResult, StepState } from '../events.ts';
import { batchesOf, countOf, type FanOutDecision, isBad, MOST_AT_ONCE, type Spread } from '../fan-out.ts';
import { createTally, type Tally } from '../host-tally.ts';

/** Hosts on their way through consecutive steps. Each keeps its place until it has come through, so that few hosts are half-way at any moment. */
export interface Chain {
  /** The part of one of its steps, which begins, or goes on with what its ledger says. */
  spreadOf(path: string, rule: HostRule, known: ReadonlyMap<string, HostResult>): ChainSpread;
  /** A step of it stands otherwise than before. */
  changed(): void;
}
export interface ChainSpread extends Spread {
  /** Call back when hosts may have come from the step before, or places have become free. */
  readonly onChange: (listener: () => void) => void;
  /** Hosts are left that may still come, though not now: the step has not ended. */
  readonly isLeft: () => boolean;
}

/** How the steps of a chain stand, by what is on record. */
export interface ChainView {
  readonly stateOf: (path: string) => StepState | undefined;
  readonly resultOf: (path: string, host: string) => HostResult | undefined;
}

interface Step {
  readonly path: string;
  /** Of a step that has begun in this process; it knows more than what is on record already. */
  results: ReadonlyMap<string, HostResult> | undefined;
  readonly running: Set<string>;
}
const isComing = (state: StepState | undefined): boolean => state === 'running' || state === 'retrying';
const isClosed = (state: StepState | undefined): boolean => state === 'ok' || state === 'changed' || state === 'skipped';
const isToCome = (state: StepState | undefined): boolean => state === undefined || state === 'pending' || state === 'ready' || isComing(state);

export function createChain(paths: readonly string[], view: ChainView): Chain {
  const steps = paths.map((path): Step => ({ path, results: undefined, running: new Set() }));
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  let way = createWay({ rule: undefined, steps, view });
  return {
    changed,
    spreadOf: (path, rule, known) => {
      const index = paths.indexOf(path);
      const step = steps[index];
      if (!step) throw new TypeError(`${path} is not in the chain`);
      const results = new Map(known);
      step.results = results;
      way = createWay({ rule, steps, view });
      changed();
      return {
        batches: way.batches,
        results,
        next: () => way.next(index),
        ended: (host, result) => {
          step.running.delete(host);
          results.set(host, result);
          way.arrived(host, index);
          changed();
        },
        onChange: (listener) => void listeners.add(listener),
        isLeft: () => way.isLeft(index),
      };
    },
  };
}

/** All hosts of a chain, and how far each has come. Made anew when a step begins: a ledger may have been settled by a person meanwhile. */
interface Way {
  readonly batches: readonly (readonly string[])[];
  next(index: number): FanOutDecision;
  /** A host has a result in this step. */
  arrived(host: string, index: number): void;
  isLeft(index: number): boolean;
}
interface WayParts {
  readonly rule: HostRule | undefined;
  readonly steps: readonly Step[];
  readonly view: ChainView;
}
interface Crowd extends WayParts {
  /** All hosts in their order, and where each stands in it. */
  readonly all: readonly string[];
  readonly position: ReadonlyMap<string, number>;
  readonly tally: Tally | undefined;
  /** How many may be inside at once. */
  readonly most: number;
  /** Hosts that have begun and not come through. */
  readonly inside: Set<string>;
  /** By step: hosts that may begin there. */
  readonly ready: readonly string[][];
}

function createWay(parts: WayParts): Way {
  const { rule, steps } = parts;
  const batches = rule ? batchesOf(rule) : [];
  const all = batches.flat();
  const crowd: Crowd = {
    ...parts,
    all,
    position: new Map(all.map((host, index) => [host, index])),
    tally: rule && createTally(rule, batches),
    most: rule?.throttle === undefined ? MOST_AT_ONCE : countOf(rule.throttle, all.length),
    inside: new Set(),
    ready: steps.map(() => []),
  };
  for (const host of all) arrive(crowd, host, 0);
  return {
    batches,
    arrived: (host, index) => arrive(crowd, host, index),
    next: (index) => nextOf(crowd, index),
    isLeft: (index) => isLeft(crowd, index),
  };
}

/** Let a host go on to the first step that has no result of it, unless it failed on its way. */
function arrive({ steps, view, inside, ready, tally }: Crowd, host: string, from: number): void {
  for (let index = from; index <= steps.length; index++) {
    const step = steps[index];
    const result = step && resultOf(step, host, view);
    if (step && !result) {
      if (index > 0 || step.running.has(host)) inside.add(host);
      if (!step.running.has(host)) ready[index]?.push(host);
      return;
    }
    if (step && !isBad(result)) continue;
    inside.delete(host);
    tally?.add(host, result ?? { state: 'ok', durationMs: 0 });
    return;
  }
}

function nextOf(crowd: Crowd, index: number): FanOutDecision {
  const { steps, view, tally, inside } = crowd;
  const running = steps[index]?.running;
  const stopped = tally?.stopped();
  const hosts = stopped === undefined ? begin(crowd, index) : [];
  for (const host of hosts) {
    running?.add(host);
    inside.add(host);
  }
  if (hosts.length > 0) return { type: 'start', hosts };
  if ((running?.size ?? 0) > 0) return { type: 'wait' };
  if (stopped !== undefined) return isGoingOn(crowd, index) || isRetrying(steps, view) ? { type: 'wait' } : { type: 'over', stopped };
  return { type: isFed(crowd, index) ? 'wait' : 'over' };
}

/** Takes those out of the waiting who may begin now. */
function begin(crowd: Crowd, index: number): readonly string[] {
  const { ready, most, inside, tally, position } = crowd;
  const waiting = ready[index] ?? [];
  if (index > 0) return waiting.splice(0);
  const free = most - inside.size + parked(crowd);
  const end = tally?.currentEnd() ?? 0;
  let count = 0;
  while (count < free && count < waiting.length && (position.get(waiting[count] ?? '') ?? end) < end) count++;
  return waiting.splice(0, count);
}

/** Hosts that wait for a step which waits for a person hold nobody up. */
function parked({ steps, view, ready }: Crowd): number {
  return steps.reduce((sum, { path }, index) => sum + (index > 0 && !isToCome(view.stateOf(path)) ? (ready[index]?.length ?? 0) : 0), 0);
}

/** Will a later step yet make room, or end the batch? */
function isGoingOn({ steps, view, ready }: Crowd, index: number): boolean {
  return steps.some(({ path, running }, at) => at > index && (running.size > 0 || ((ready[at]?.length ?? 0) > 0 && isToCome(view.stateOf(path)))));
}

function isFed(crowd: Crowd, index: number): boolean {
  const before = crowd.steps[index - 1];
  return before ? isComing(crowd.view.stateOf(before.path)) : (crowd.ready[0]?.length ?? 0) > 0 && isGoingOn(crowd, 0);
}

function isLeft({ steps, view, all, tally }: Crowd, index: number): boolean {
  const before = steps[index - 1];
  const isShort = all.some((host) => steps[index]?.results?.has(host) !== true);
  return isShort && (tally?.stopped() !== undefined || (before ? !isClosed(view.stateOf(before.path)) : true));
}

/** A step that is over, and was so before this process began or by a person's word, lets everybody through of whom it says nothing else. */
function resultOf({ path, results }: Step, host: string, view: ChainView): HostResult | undefined {
  if (results) return results.get(host);
  return view.resultOf(path, host) ?? (isClosed(view.stateOf(path)) ? { state: 'skipped', durationMs: 0 } : undefined);
}

function isRetrying(steps: readonly Step[], { stateOf }: ChainView): boolean {
  return steps.some(({ path }) => stateOf(path) === 'retrying');
}
