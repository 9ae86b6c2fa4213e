import type { HostRule } from '../../../plan/index.ts';
import type { StartAction } from '../../actions.ts';
import type { HostResult, StepResult } from '../../events.ts';
import { batchesOf, nextHosts } from '../../fan-out.ts';
import { LEFT_IN_DOUBT, onRecord, readLedger, resultOfHosts, resultOfSome } from '../../spread.ts';
import type { HalfSpread, HostEnd } from '../contract.ts';
import { zoneOfHost } from '../routing.ts';
import { type Flying, mayRepeat, workOf } from './attempts.ts';
import type { Ended } from './hands.ts';
import type { Pickup } from './pickup.ts';
import { graphOf, heartbeatOf, longestMs, nodeOf, type RunContext, type Stop, stopped } from './run-context.ts';

/**
 * One attempt of a step on many hosts: every host is an activity of its own in the queue of its zone, while the rules of the step (batches, throttle, how many
 * may fail) hold over all of them here, where all of them are known.
 */
export interface Spread extends Flying {
  /** Start the hosts whose turn it is; with `hold`, none. Records how the attempt ended when nothing is left to do. */
  readonly advance: (hold: boolean) => void;
  readonly dueAt: () => number | undefined;
  readonly isIdle: () => boolean;
  /** What another run of the workflow needs to go on. */
  readonly half: () => HalfSpread;
}
interface State {
  readonly context: RunContext;
  readonly pickup: Pickup;
  readonly action: StartAction;
  readonly rule: HostRule;
  readonly since: number;
  began: number | undefined;
  readonly results: Map<string, HostResult>;
  readonly running: Map<string, () => void>;
  why: Stop | undefined;
  /** A host ended the attempt as a whole: its kind refused the input, or it was silent for too long. */
  early: StepResult | undefined;
  /** A host was lost with its worker: whether it took effect is in doubt. */
  isDoubtful: boolean;
}

/** Begin an attempt on hosts, or go on with one. Its intent is recorded already. */
export function flySpread(context: RunContext, pickup: Pickup, { half, over }: { readonly half: HalfSpread; readonly over: () => void }): Spread {
  const { action, since, began } = half;
  const rule = action.hosts ?? NO_RULE;
  const state: State = {
    ...{ context, pickup, action, rule, since, began, running: new Map<string, () => void>(), results: new Map(half.results) },
    ...{ why: undefined, early: undefined, isDoubtful: false },
  };
  return {
    stop: (why) => stop(state, why),
    advance: (hold) => {
      if (Date.now() >= (limitOf(state) ?? Infinity)) stop(state, tooLong(state));
      advance(state, { hold, over });
    },
    dueAt: () => (state.why ? undefined : limitOf(state)),
    isIdle: () => state.running.size === 0,
    half: () => ({ action, since, results: [...state.results], ...(state.began === undefined ? {} : { began: state.began }) }),
  };
}

const NO_RULE: HostRule = { pattern: '', names: [], serial: [], strategy: 'linear', anyErrorsFatal: false, runOnce: false };

/** A new attempt: hosts with a result are not touched again, and of those in doubt only what may be repeated is. Its intent is recorded already. */
export function newSpread(context: RunContext, action: StartAction): HalfSpread {
  const { path, attempt } = action;
  const { results, doubts } = readLedger(action.ledger);
  for (const host of mayRepeat(nodeOf(context, action.node)) ? [] : doubts) {
    results.set(host, LEFT_IN_DOUBT);
    context.book.record({ type: 'hostFinished', path, attempt, host, result: LEFT_IN_DOUBT });
  }
  return { action: { ...action, ledger: {} }, since: Date.now(), results: [...results] };
}

/** Before the first host has come back nobody knows when it began; until then each host keeps the limit itself. */
function limitOf({ action: { timeoutMs }, began }: State): number | undefined {
  return timeoutMs === 0 || began === undefined ? undefined : began + timeoutMs;
}

function tooLong({ action }: State): Stop {
  return { reason: `took longer than ${action.timeoutMs} ms`, isTimeout: true };
}

function stop(state: State, why: Stop): void {
  if (state.why) return;
  state.why = why;
  for (const cancel of state.running.values()) cancel();
}

function advance(state: State, { hold, over }: { readonly hold: boolean; readonly over: () => void }): void {
  const { rule, running, results, action } = state;
  const isEnding = state.why !== undefined || state.early !== undefined || state.isDoubtful;
  const wanted = action.only && new Set(action.only);
  const tried = wanted ? { ...rule, names: rule.names.filter((name) => wanted.has(name)) } : rule;
  const batches = batchesOf(tried);
  const next = isEnding ? undefined : nextHosts(tried, { batches, running: new Set(running.keys()), results });
  if (next?.type === 'start') {
    if (!hold) for (const host of next.hosts) begin(state, host);
  } else if (running.size === 0 && (next === undefined || next.type === 'over')) {
    over();
    finish(state, wanted ? resultOfSome(rule, { results, tried: only(results, wanted) }) : resultOfHosts(rule, { batches, results }));
  }
}

function only(results: ReadonlyMap<string, HostResult>, wanted: ReadonlySet<string>): ReadonlyMap<string, HostResult> {
  return new Map([...results].filter(([host]) => wanted.has(host)));
}

function finish({ context: { book }, action: { path, attempt }, since, ...state }: State, byHosts: StepResult): void {
  const result = state.why ? stopped(state.why) : state.early;
  if (!result && state.isDoubtful) book.record({ type: 'stepInDoubt', path, attempt });
  else book.record({ type: 'stepFinished', path, attempt, durationMs: Date.now() - since, ...(result ? { result } : onRecord(byHosts)) });
}

/** The rule of a step for one of its hosts alone: what holds over all of them is kept here. */
export function ruleFor(rule: HostRule, host: string): HostRule {
  const { throttle: _a, maxFailPercentage: _b, maxErrors: _c, ...own } = rule;
  return { ...own, names: [host], serial: [{ fraction: 1 }], strategy: 'linear', anyErrorsFatal: false, runOnce: false };
}

function begin(state: State, host: string): void {
  const { context, pickup, action, rule, running } = state;
  const { path, attempt } = action;
  const left = limitOf(state);
  const timeoutMs = left === undefined ? action.timeoutMs : Math.max(1, left - Date.now());
  context.book.record({ type: 'hostStarted', path, attempt, host });
  const cancel = pickup.start(
    {
      name: 'executeHost',
      argument: { ...workOf(context, { ...action, timeoutMs, hosts: ruleFor(rule, host), ledger: {} }), host },
      ...{ id: `${path}#${attempt}@${host}`, path, zone: zoneOfHost(graphOf(context), host) },
      heartbeatMs: heartbeatOf(context, nodeOf(context, action.node)),
      longestMs: longestMs(timeoutMs),
    },
    (end) => {
      running.delete(host);
      take(state, host, end);
    },
  );
  running.set(host, cancel);
}

function take(state: State, host: string, end: Ended<HostEnd>): void {
  const { context, action, running } = state;
  const { path, attempt } = action;
  if (end.how === 'lost') state.isDoubtful = true;
  if (end.how !== 'done') return;
  state.began ??= Date.now() - end.value.ranMs;
  if ('host' in end.value) {
    state.results.set(host, end.value.host);
    context.book.record({ type: 'hostFinished', path, attempt, host, result: end.value.host });
  } else if (end.value.attempt.state === 'cancelled') {
    if (!state.why && !state.early) state.isDoubtful = true; // stopped half-way, and not by us
  } else {
    // As on one machine: what ends one host otherwise than by its own result ends the attempt.
    const { attempt: ended } = end.value;
    state.early ??= 'error' in ended && ended.error.code === 'TIMED_OUT' ? stopped(tooLong(state)) : ended;
    for (const cancel of running.values()) cancel();
  }
}
