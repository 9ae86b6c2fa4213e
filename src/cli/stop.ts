import { EXIT, SlipwayError } from '../core/index.ts';

/** Ctrl-C: once ends what goes on in good order, twice ends the process. SIGTERM: hand over what goes on. */
export interface Stop extends Disposable {
  /** Aborts on the first Ctrl-C unless `instead` takes it. */
  readonly signal: AbortSignal;
  /** Do this on the first Ctrl-C instead; gives back a function that ends it. */
  readonly instead: (action: () => void) => () => void;
  readonly happened: boolean;
  /** Aborts when this process was asked to go: runs are left to be resumed, everything else ends. */
  readonly drain: AbortSignal;
  /** Do now what SIGTERM does. */
  readonly handOver: () => void;
}
interface StopDeps {
  readonly onInterrupt: (handler: () => void) => () => void;
  readonly onTerminate: (handler: () => void) => () => void;
  readonly exitNow: (code: number) => void;
  readonly note: (line: string) => void;
}

/** Exit codes after a second signal, as shells report a process that SIGINT or SIGTERM ended. */
const INTERRUPTED = 130;
const TERMINATED = 143;

/** Listen to Ctrl-C until disposed. */
export function listenForStop({ onInterrupt, onTerminate, exitNow, note }: StopDeps): Stop {
  const controller = new AbortController();
  let action: (() => void) | undefined;
  let presses = 0;
  const drain = new AbortController();
  const handOver = (): void => {
    if (drain.signal.aborted) exitNow(TERMINATED);
    note('asked to go: what is under way may end, nothing new starts');
    drain.abort(new SlipwayError('TERMINATED', 'stopped by SIGTERM'));
    // What drives no run has nothing to hand over.
    if (action === undefined) controller.abort(drain.signal.reason);
  };
  const press = (): void => {
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
  };
  const offs = [onTerminate(handOver), onInterrupt(press)];
  return {
    signal: controller.signal,
    get happened() {
      return presses > 0;
    },
    instead: (wanted) => {
      action = wanted;
      return () => (action = undefined);
    },
    drain: drain.signal,
    handOver,
    [Symbol.dispose]: () => offs.forEach((off) => off()),
  };
}
