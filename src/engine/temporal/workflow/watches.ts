import type { Action } from '../../actions.ts';
import type { Breach } from '../contract.ts';
import { hostsByZone, zoneOfStep } from '../routing.ts';
import type { Ended } from './hands.ts';
import type { Pickup } from './pickup.ts';
import { graphOf, longestMs, type RunContext } from './run-context.ts';

type WatchAction = Extract<Action, { type: 'watch' }>;

/** Watches of the phase that goes on: each is one long activity per zone that repeats its check there, and comes back only with a breach. */
export interface Watches {
  readonly follow: (actions: readonly WatchAction[]) => void;
}

export function createWatches(context: RunContext, pickup: Pickup): Watches {
  const running = new Map<string, () => void>();
  const begin = (action: WatchAction, zone: string | undefined, again: boolean): void => {
    const key = keyOf(action, zone);
    const cancel = pickup.start(effectOf(context, action, { zone, again }), (end) => {
      if (running.get(key) !== cancel) return; // its phase is over
      running.delete(key);
      take(context, action, end);
      if (end.how === 'lost') begin(action, zone, true);
    });
    running.set(key, cancel);
  };
  return {
    follow: (actions) => {
      const wanted = new Map(actions.flatMap((action) => zonesOf(context, action).map((zone) => [keyOf(action, zone), { action, zone }] as const)));
      for (const [key, cancel] of [...running]) {
        if (wanted.has(key)) continue;
        running.delete(key);
        cancel();
      }
      for (const [key, { action, zone }] of wanted) if (!running.has(key)) begin(action, zone, false);
    },
  };
}

function keyOf({ watch }: WatchAction, zone: string | undefined): string {
  return zone === undefined ? watch.path : `${watch.path} in ${zone}`;
}

/** Hosts of several zones are watched from each: a breach in one is a breach. */
function zonesOf(context: RunContext, { watch, with: input }: WatchAction): readonly (string | undefined)[] {
  const graph = graphOf(context);
  if (watch.hosts) return [...hostsByZone(graph, watch.hosts.names).keys()];
  return [zoneOfStep(graph, { phase: phaseOf(watch.path), with: input })];
}

function phaseOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function effectOf(context: RunContext, { watch, with: input }: WatchAction, { zone, again }: { readonly zone: string | undefined; readonly again: boolean }) {
  const { rules, book } = context;
  const { hosts } = watch;
  const here = hosts ? { ...watch, hosts: { ...hosts, names: hostsByZone(graphOf(context), hosts.names).get(zone) ?? [] } } : watch;
  return {
    ...({
      name: 'watch',
      id: `${keyOf({ type: 'watch', watch, with: input }, zone)}${again ? ` again ${book.data.seq}` : ''}`,
      path: `@watch ${watch.path.replaceAll('/', ' ')}`,
      zone,
    } as const),
    argument: { runId: book.data.runId, watch: here, with: input, again, secrets: book.freshSecrets(), heartbeatMs: rules.heartbeatMs },
    heartbeatMs: rules.heartbeatMs,
    longestMs: longestMs(0),
  };
}

function take({ book }: RunContext, { watch }: WatchAction, end: Ended<Breach>): void {
  if (end.how === 'done' && !book.data.breachedWatch.has(watch.path)) book.record({ type: 'watchBreached', path: watch.path, ...end.value });
}
