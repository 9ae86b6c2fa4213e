import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import type { Rules } from '../contract.ts';

/**
 * Everything that happens to a workflow comes in here, in the order of its history, and the one loop of the run takes it out again. Nothing else changes the
 * run: no branch of its own waits for one thing and acts on another.
 */
export interface Inbox {
  /** Something happened: do this when it is its turn. */
  readonly put: (act: () => void) => void;
  /** Do everything that has come. */
  readonly take: () => void;
  readonly isEmpty: () => boolean;
  /** Wait until something comes, or until a time in milliseconds since the epoch. */
  readonly wait: (until: number | undefined) => Promise<void>;
}

export function openInbox({ lean }: Pick<Rules, 'lean'>): Inbox {
  let waiting: (() => void)[] = [];
  let wake: (() => void) | undefined;
  const put = (act: () => void): void => {
    waiting.push(act);
    wake?.();
  };
  const alarm = openAlarm(() => put(() => undefined));
  return {
    put,
    take: () => {
      // What comes because of this comes after it.
      for (let act = waiting.shift(); act !== undefined; act = waiting.shift()) act();
    },
    isEmpty: () => waiting.length === 0,
    wait: (until) => {
      alarm(until);
      // A condition is looked at once everything is quiet, which costs the worker one more way into the sandbox for each thing that comes.
      if (!lean) return condition(() => waiting.length > 0);
      if (waiting.length > 0) return Promise.resolve();
      return new Promise((resolve) => void (wake = resolve));
    },
  };
}

/**
 * One durable timer for everything that is due: set to an earlier time when there is one, and left alone otherwise. A timer that fires for nothing
 * costs less than one that is cancelled and made anew at every step.
 */
function openAlarm(ring: () => void): (at: number | undefined) => void {
  let set: { readonly at: number; readonly scope: CancellationScope } | undefined;
  return (at) => {
    if (at === undefined || at >= (set?.at ?? Infinity)) return;
    set?.scope.cancel();
    const scope = new CancellationScope();
    const alarm = { at, scope };
    set = alarm;
    const fired = (): void => {
      if (set !== alarm) return;
      set = undefined;
      ring();
    };
    void scope.run(() => sleep(Math.max(1, at - Date.now()))).then(fired, () => undefined); // cancelled: an earlier one was set
  };
}
