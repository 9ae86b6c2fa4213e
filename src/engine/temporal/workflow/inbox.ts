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
  const put = (act: () => void): void => void waiting.push(act);
  const alarm = openAlarm(() => put(() => undefined), lean ? LONGEST_UNUSED_MS : Infinity);
  return {
    put,
    take: () => {
      // What comes because of this comes after it.
      for (let act = waiting.shift(); act !== undefined; act = waiting.shift()) act();
    },
    isEmpty: () => waiting.length === 0,
    wait: (until) => {
      alarm(until);
      // Looked at once all that came together is there. A promise would be quicker, and how things come together would then hang on how the SDK is made inside.
      return condition(() => waiting.length > 0);
    },
  };
}

/** A timer that was set so long ago, in milliseconds, is set anew when it would fire for nothing. */
const LONGEST_UNUSED_MS = 900;

/**
 * One durable timer for everything that is due: set to an earlier time when there is one, to a later one once in a while, and left alone otherwise. A timer that
 * fires for nothing costs a decision, but less than one that is cancelled and made anew at every step.
 */
function openAlarm(ring: () => void, unusedMs: number): (at: number | undefined) => void {
  let set: { readonly at: number; readonly scope: CancellationScope; readonly since: number } | undefined;
  const isRight = (at: number): boolean => set !== undefined && (at === set.at || (at > set.at && Date.now() - set.since < unusedMs));
  return (at) => {
    if (at === undefined || isRight(at)) return;
    set?.scope.cancel();
    const scope = new CancellationScope();
    const alarm = { at, scope, since: Date.now() };
    set = alarm;
    const fired = (): void => {
      if (set !== alarm) return;
      set = undefined;
      ring();
    };
    void scope.run(() => sleep(Math.max(1, at - Date.now()))).then(fired, () => undefined); // cancelled: an earlier one was set
  };
}
