import type { Activities } from '../contract.ts';
import type { Effect, Ended, Value } from './hands.ts';
import type { RunContext } from './run-context.ts';

/** Longest time that a step waits in a queue before it is put there anew. */
const MOST_MS = 600_000;
/** Time on the way; whoever has not come back by then was picked up. */
const SLACK_MS = 3_000;

/**
 * Starts effects, and tells people when no worker takes one: the step stays in its queue, asks for attention, and begins by itself once a worker is there.
 */
export interface Pickup {
  readonly start: <N extends keyof Activities>(
    effect: Omit<Effect<N>, 'pickUpMs'> & { readonly path: string },
    then: (end: Ended<Value<N>>) => void,
  ) => () => void;
  /** See whether what nobody took has been taken meanwhile. */
  readonly check: () => void;
  readonly dueAt: () => number | undefined;
}
interface Waiting {
  readonly path: string;
  readonly pickedAt: number;
}

export function createPickup(context: RunContext): Pickup {
  const waiting = new Map<string, Waiting>();
  const raised = new Set<string>();
  const { hands, rules, book } = context;
  const settle = (id: string): void => {
    const path = waiting.get(id)?.path;
    if (path === undefined || !waiting.delete(id)) return;
    if ([...waiting.values()].some((other) => other.path === path) || !raised.delete(path)) return;
    book.record({ type: 'attentionCleared', path });
  };
  const missed = (id: string, { path, zone, nextMs }: { readonly path: string; readonly zone: string | undefined; readonly nextMs: number }): void => {
    waiting.set(id, { path, pickedAt: Date.now() + nextMs + SLACK_MS });
    if (raised.has(path) || book.data.attention.has(path)) return;
    raised.add(path);
    book.record({ type: 'attentionRaised', path, ...words(path, zone) });
  };
  return {
    start: (effect, then) => {
      let [isCancelled, cancel] = [false, (): void => undefined];
      const go = (pickUpMs: number): void => {
        cancel = hands.start({ ...effect, pickUpMs }, (end) => {
          if (end.how !== 'unpicked' || isCancelled) {
            settle(effect.id);
            return then(end.how === 'unpicked' ? { how: 'cancelled' } : end);
          }
          const nextMs = Math.min(MOST_MS, pickUpMs * 2);
          missed(effect.id, { path: effect.path, zone: effect.zone, nextMs });
          go(nextMs);
        });
      };
      go(rules.pickUpMs);
      return () => {
        isCancelled = true;
        cancel();
      };
    },
    check: () => {
      for (const [id, { pickedAt }] of [...waiting]) if (pickedAt <= Date.now()) settle(id);
    },
    dueAt: () => (waiting.size === 0 ? undefined : Math.min(...[...waiting.values()].map(({ pickedAt }) => pickedAt))),
  };
}

function words(path: string, zone: string | undefined): { readonly reason: string; readonly hint: string } {
  if (zone === undefined) return { reason: `no central worker takes ${path}`, hint: 'start "slipway worker"; the step then begins by itself' };
  return { reason: `no worker of zone "${zone}" takes ${path}`, hint: `start "slipway worker --zone ${zone}" in that zone; the step then begins by itself` };
}
