import { EXIT, SlipwayError } from '../core/index.ts';

/** Ctrl-C: once ends what goes on in good order, twice ends the process. */
export interface Stop extends Disposable {
  /** Aborts on the first Ctrl-C unless `instead` takes it. */
  readonly signal: AbortSignal;
  /** Do this on the first Ctrl-C instead; gives back a function that ends it. */
  readonly instead: (action: () => void) => () => void;
  readonly happened: boolean;
}
interface StopDeps {
  readonly onInterrupt: (handler: () => void) => () => void;
  readonly exitNow: (code: number) => void;
  readonly note: (line: string) => void;
}

/** Exit code after a second Ctrl-C, as shells report a process that SIGINT ended. */
const INTERRUPTED = 130;

/** Listen to Ctrl-C until disposed. */
export function listenForStop({ onInterrupt, exitNow, note }: StopDeps): Stop {
  const controller = new AbortController();
  let action: (() => void) | undefined;
  let presses = 0;
  const off = onInterrupt(() => {
    presses += 1;
    if (presses > 1) {
      note('stopped at once; "slipway runs" shows what was going on, "slipway resume <run>" goes on with it');
      exitNow(INTERRUPTED);
    } else if (action === undefined) {
      note('stopping; Ctrl-C again stops at once');
      controller.abort(new SlipwayError('CANCELLED', 'stopped by Ctrl-C', { exitCode: EXIT.cancelled }));
    } else {
      action();
    }
  });
  return {
    signal: controller.signal,
    get happened() {
      return presses > 0;
    },
    instead: (wanted) => {
      action = wanted;
      return () => (action = undefined);
    },
    [Symbol.dispose]: off,
  };
}
