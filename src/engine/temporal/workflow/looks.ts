import { verdictOf } from '../../looks.ts';
import { zoneOfHost } from '../routing.ts';
import type { HostLook } from '../contract.ts';
import { type Flying, type ProbeAction, workOf } from './attempts.ts';
import type { Ended } from './hands.ts';
import type { Pickup } from './pickup.ts';
import { graphOf, heartbeatOf, longestMs, nodeOf, type RunContext } from './run-context.ts';
import { ruleFor } from './spread.ts';

/** Looks are short and change nothing; more at once would only be a storm of connections. */
const MOST_AT_ONCE = 50;

interface State {
  readonly context: RunContext;
  readonly pickup: Pickup;
  readonly action: ProbeAction;
  readonly over: () => void;
  /** Hosts that nobody has looked at yet. */
  waiting: string[];
  readonly running: Map<string, () => void>;
  readonly unknown: string[];
  isStopped: boolean;
  /** A look was lost with its worker: that host is asked again. */
  isLost: boolean;
}

/** A look at every host of a step whose attempt there is in doubt, by a worker of the zone of the host. Each verdict is recorded by itself. */
export function flyLooks(context: RunContext, pickup: Pickup, { action, over }: { readonly action: ProbeAction; readonly over: () => void }): Flying {
  const waiting = Object.entries(action.ledger ?? {}).flatMap(([host, state]) => (state === 'inDoubt' ? [host] : []));
  const state: State = { context, pickup, action, over, waiting, running: new Map(), unknown: [], isStopped: false, isLost: false };
  // In its turn, also when there is nothing to look at: it must be under way before it is over.
  context.inbox.put(() => advance(state));
  return {
    stop: () => {
      state.isStopped = true;
      state.waiting = [];
      for (const cancel of state.running.values()) cancel();
    },
  };
}

function advance(state: State): void {
  const { waiting, running, context, action, over } = state;
  while (running.size < MOST_AT_ONCE) {
    const host = waiting.shift();
    if (host === undefined) break;
    running.set(host, look(state, host));
  }
  if (running.size > 0) return;
  over();
  const { path, attempt } = action;
  // What was not looked at is asked for again: the brain still wants to know.
  if (!state.isStopped && !state.isLost) context.book.record({ type: 'stepProbed', path, attempt, ...verdictOf(state.unknown) });
}

function look(state: State, host: string): () => void {
  const { context, pickup, action } = state;
  const { path, attempt, timeoutMs, hosts } = action;
  const rule = hosts && ruleFor(hosts, host);
  const argument = { ...workOf(context, { ...action, ...(rule ? { hosts: rule } : {}), ledger: { [host]: 'inDoubt' } }), host };
  return pickup.start(
    {
      ...{ name: 'probeHost', argument, id: `probe ${path}#${attempt}@${host}`, path, zone: zoneOfHost(graphOf(context), host) },
      ...{ heartbeatMs: heartbeatOf(context, nodeOf(context, action.node)), longestMs: longestMs(timeoutMs) },
    },
    (end) => {
      state.running.delete(host);
      take(state, host, end);
      advance(state);
    },
  );
}

function take(state: State, host: string, end: Ended<HostLook>): void {
  const { path, attempt } = state.action;
  if (end.how !== 'done') {
    state.isLost = true;
    return;
  }
  state.context.book.record({ type: 'hostProbed', path, attempt, host, ...end.value });
  if (end.value.verdict === 'unknown') state.unknown.push(`${host}: ${end.value.reason}`);
}
