import type { Action, StartAction } from '../../actions.ts';
import type { Carried, ChildTold } from '../contract.ts';
import { flyAttempt, flyProbe, type Flying } from './attempts.ts';
import { type Call, flyCall } from './calls.ts';
import { flyLooks } from './looks.ts';
import { createPickup, type Pickup } from './pickup.ts';
import { nodeOf, type RunContext } from './run-context.ts';
import { flySpread, newSpread, type Spread } from './spread.ts';
import { createWatches } from './watches.ts';

/** Everything a run has under way. */
export interface Flight {
  /** Start what should go on and does not, stop what should not. With `hold`, nothing starts that could have an effect. */
  readonly follow: (actions: readonly Action[], hold: boolean) => void;
  /** Is nothing under way that another run of this workflow could not find again? */
  readonly isQuiet: () => boolean;
  readonly isEmpty: () => boolean;
  /** Is something to begin that could have an effect, or half-way? */
  readonly wantsToAct: (actions: readonly Action[]) => boolean;
  readonly underWay: () => readonly string[];
  /** A called run has told how it stands. */
  readonly childTold: (child: ChildTold) => void;
  readonly dueAt: () => number | undefined;
  /** End what only looks. */
  readonly endWatches: () => void;
  /** What another run of this workflow needs to go on with it. */
  readonly carried: () => Pick<Carried, 'spreads' | 'complaints'>;
}
interface Parts {
  readonly attempts: Map<string, Flying>;
  readonly spreads: Map<string, Spread>;
  readonly calls: Map<string, Call>;
}

export function createFlight(context: RunContext, carried?: Carried): Flight {
  const pickup = createPickup(context, carried?.complaints);
  const watches = createWatches(context, pickup);
  const parts: Parts = { attempts: new Map(), spreads: new Map(), calls: new Map() };
  const { attempts, spreads, calls } = parts;
  const isNew = ({ path }: { readonly path: string }): boolean => ![attempts, spreads, calls].some((part) => part.has(path));
  const launch = launcher(context, pickup, parts);
  for (const half of carried?.spreads ?? []) launch({ type: 'half', half });
  return {
    follow: (actions, hold) => {
      pickup.check();
      for (const action of actions) if (isLaunch(action) && isNew(action) && (!hold || action.type === 'call')) launch(action);
      // A call is launched before it is stopped, so that one which went on without us is stopped too.
      for (const action of actions) if (action.type === 'cancel') stop(parts, action);
      for (const each of [...spreads.values()]) each.advance(hold);
      watches.follow(actions.filter((action) => action.type === 'watch'));
    },
    isQuiet: () => attempts.size === 0 && [...spreads.values()].every((each) => each.isIdle()),
    isEmpty: () => attempts.size === 0 && spreads.size === 0 && calls.size === 0,
    wantsToAct: (actions) => attempts.size > 0 || spreads.size > 0 || actions.some(({ type }) => type === 'start' || type === 'probe'),
    underWay: () => [...attempts.keys(), ...spreads.keys(), ...calls.keys()],
    childTold: (child) => calls.get(child.path)?.told(child),
    dueAt: () => earliest([pickup.dueAt(), ...[...spreads.values()].map((each) => each.dueAt())]),
    endWatches: () => watches.follow([]),
    carried: () => ({ spreads: [...spreads.values()].map((each) => each.half()), complaints: pickup.complaints() }),
  };
}

type Launch = Extract<Action, { type: 'start' | 'probe' | 'call' }>;

function isLaunch(action: Action): action is Launch {
  return action.type === 'start' || action.type === 'probe' || action.type === 'call';
}

type Launcher = (what: Launch | { readonly type: 'half'; readonly half: Carried['spreads'][number] }) => void;

/** Puts things into flight; each leaves the flight by itself when it is over. */
function launcher(context: RunContext, pickup: Pickup, { attempts, spreads, calls }: Parts): Launcher {
  const spread = (half: Carried['spreads'][number]): void => {
    const { path } = half.action;
    spreads.set(path, flySpread(context, pickup, { half, over: () => void spreads.delete(path) }));
  };
  return (what) => {
    if (what.type === 'half') return spread(what.half);
    const { path } = what;
    const over = (): void => void attempts.delete(path);
    if (what.type === 'call') calls.set(path, flyCall(context, { action: what, over: () => void calls.delete(path) }));
    else if (what.type === 'probe') attempts.set(path, (what.hosts ? flyLooks : flyProbe)(context, pickup, { action: what, over }));
    else if (!isRefused(context, what)) {
      const { attempt, key, with: input } = what;
      context.book.record({ type: 'stepStarted', path, attempt, key, with: input });
      if (what.hosts) spread(newSpread(context, what));
      else attempts.set(path, flyAttempt(context, pickup, { action: what, over }));
    }
  };
}

function stop({ attempts, spreads, calls }: Parts, { path, reason, isTimeout = false }: Extract<Action, { type: 'cancel' }>): void {
  (attempts.get(path) ?? spreads.get(path) ?? calls.get(path))?.stop({ reason, isTimeout });
}

/** Longest input of a step, in UTF-16 units as JSON: a message of the server holds no more. */
const MOST_INPUT = 1_500_000;

/** A step whose input fits into no message fails; larger values travel as evidence when they are outputs. @returns whether it did. */
function isRefused(context: RunContext, { path, attempt, key, uses, node, with: input }: StartAction): boolean {
  const size = JSON.stringify(input).length;
  if (size <= MOST_INPUT) return false;
  const error = {
    code: 'INPUT_TOO_LARGE',
    message: `the input of ${nodeOf(context, node)?.label ?? uses} is ${size} characters long, and at most ${MOST_INPUT} travel to a worker`,
    hint: 'pass on the output of an earlier step as it is, or keep the value in a file of the repository',
    retry: 'never',
  } as const;
  context.book.record({ type: 'stepStarted', path, attempt, key, with: {} });
  context.book.record({ type: 'stepFinished', path, attempt, durationMs: 0, result: { state: 'failed', error } });
  return true;
}

export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
