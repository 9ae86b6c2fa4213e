import type { Activities } from '../contract.ts';
import type { Effect, Ended, Value } from './hands.ts';
import type { RunContext } from './run-context.ts';

/** Longest time that a step waits in a queue before it is put there anew. */
const MOST_MS = 600_000;
/** Time on the way; whoever has not come back by then was picked up. */
const SLACK_MS = 3_000;

type Waitable<N extends keyof Activities> = Omit<Effect<N>, 'pickUpMs'> & { readonly path: string };

/**
 * Starts effects, and tells people when no worker takes one: the step stays in its queue, asks for attention, and begins by itself once a worker is there.
 */
export interface Pickup {
  readonly start: <N extends keyof Activities>(effect: Waitable<N>, then: (end: Ended<Value<N>>) => void) => () => void;
  /** See whether what nobody took has been taken meanwhile. */
  readonly check: () => void;
  readonly dueAt: () => number | undefined;
  /** Paths for which people were told that nobody takes them. */
  readonly complaints: () => readonly string[];
}

export function createPickup(context: RunContext, before: readonly string[] = []): Pickup {
  const complaints = createComplaints(context, before);
  return {
    start: (effect, then) => {
      let [isCancelled, cancel] = [false, (): void => undefined];
      const go = (pickUpMs: number): void => {
        cancel = context.hands.start({ ...effect, pickUpMs }, (end) => {
          // What nobody took while the run lost its locks waits for them too.
          const isUnlocked = end.how === 'unlocked' || (end.how === 'unpicked' && !context.keeping.mayStart(effect.name));
          if (isUnlocked && !isCancelled) return goOnceHeld();
          if (end.how !== 'unpicked' || isCancelled) {
            complaints.settle(effect.id);
            return then(end.how === 'unpicked' || end.how === 'unlocked' ? { how: 'cancelled' } : end);
          }
          const nextMs = Math.min(MOST_MS, pickUpMs * 2);
          complaints.raise(effect, Date.now() + nextMs + SLACK_MS);
          go(nextMs);
        });
      };
      const goOnceHeld = (): void => {
        const again = (): void => go(context.rules.pickUpMs);
        if (context.keeping.mayAct()) again();
        else cancel = whenHeld(context, { act: again, gone: () => then({ how: 'cancelled' }) });
      };
      go(context.rules.pickUpMs);
      return () => {
        isCancelled = true;
        cancel();
      };
    },
    check: complaints.check,
    dueAt: complaints.dueAt,
    complaints: complaints.complaints,
  };
}

/** Nothing began, because the run had lost its locks: it begins when the run has them again. @returns what gives that up. */
function whenHeld({ keeping, inbox }: RunContext, { act, gone }: { readonly act: () => void; readonly gone: () => void }): () => void {
  const forget = keeping.whenHeld(act);
  return () => {
    forget();
    inbox.put(gone);
  };
}

/** What people were told about steps that nobody takes. */
interface Complaints extends Pick<Pickup, 'check' | 'dueAt' | 'complaints'> {
  /** Nobody took it; whoever has not come back by `pickedAt` was picked up in the next try. */
  readonly raise: (effect: { readonly id: string; readonly path: string; readonly zone: string | undefined }, pickedAt: number) => void;
  readonly settle: (id: string) => void;
}

function createComplaints({ book, rules }: RunContext, before: readonly string[]): Complaints {
  const again = Date.now() + rules.pickUpMs + SLACK_MS;
  const waiting = new Map(before.map((path) => [`before ${path}`, { path, pickedAt: again }]));
  const raised = new Set(before);
  const settle = (id: string): void => {
    const path = waiting.get(id)?.path;
    if (path === undefined || !waiting.delete(id)) return;
    if ([...waiting.values()].some((other) => other.path === path) || !raised.delete(path)) return;
    book.record({ type: 'attentionCleared', path });
  };
  return {
    raise: ({ id, path, zone }, pickedAt) => {
      waiting.set(id, { path, pickedAt });
      if (raised.has(path) || book.data.attention.has(path)) return;
      raised.add(path);
      book.record({ type: 'attentionRaised', path, ...words(path, zone) });
    },
    settle,
    check: () => {
      for (const [id, { pickedAt }] of [...waiting]) if (pickedAt <= Date.now()) settle(id);
    },
    complaints: () => [...raised],
    dueAt: () => (waiting.size === 0 ? undefined : Math.min(...[...waiting.values()].map(({ pickedAt }) => pickedAt))),
  };
}

function words(path: string, zone: string | undefined): { readonly reason: string; readonly hint: string } {
  if (zone === undefined) return { reason: `no central worker takes ${path}`, hint: 'start "slipway worker"; the step then begins by itself' };
  return { reason: `no worker of zone "${zone}" takes ${path}`, hint: `start "slipway worker --zone ${zone}" in that zone; the step then begins by itself` };
}
