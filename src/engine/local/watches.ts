import type { Action } from '../actions.ts';
import type { Drive, DriveOptions } from './drive.ts';

type WatchAction = Extract<Action, { type: 'watch' }>;

/** Checks that are repeated while their phase runs. Only a breach is an event. */
export function createWatches(drive: Drive): { readonly follow: (actions: readonly WatchAction[]) => void } {
  const running = new Map<string, AbortController>();
  return {
    follow: (actions) => {
      const wanted = new Map(actions.map((action) => [action.watch.path, action]));
      for (const [path, abort] of running) {
        if (wanted.has(path)) continue;
        abort.abort();
        running.delete(path);
      }
      for (const [path, action] of wanted) {
        if (running.has(path)) continue;
        const abort = new AbortController();
        running.set(path, abort);
        void watch(drive, action, AbortSignal.any([abort.signal, drive.signal]));
      }
    },
  };
}

async function watch(drive: Drive, { watch: rule, with: input }: WatchAction, signal: AbortSignal): Promise<void> {
  try {
    const breach = await breachOf({ rule, input, isAgain: false }, drive.options, signal);
    await drive.append([{ type: 'watchBreached', path: rule.path, ...breach }]).then(drive.wake);
  } catch (cause) {
    // Aborted: the phase is over. A breach that cannot be recorded ends the driver.
    if (!signal.aborted) drive.fail(cause);
  }
}

/** A check that is repeated. */
export interface Watched {
  readonly rule: WatchAction['watch'];
  readonly input: WatchAction['with'];
  /** It was watched before: no initial delay. */
  readonly isAgain: boolean;
}
type Watcher = Pick<DriveOptions, 'runId' | 'clock' | 'executor'>;

/** Repeat a check until it has failed too often. @throws the reason of the signal. */
export async function breachOf(
  { rule, input, isAgain }: Watched,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<{ readonly failures: number; readonly message: string }> {
  let failures = 0;
  if (!isAgain) await watcher.clock.sleep(rule.initialDelayMs, signal);
  for (;;) {
    const message = await check(watcher, { rule, input, signal });
    signal.throwIfAborted();
    failures = message === undefined ? 0 : failures + 1;
    if (message !== undefined && failures > rule.failureLimit) return { failures, message };
    await watcher.clock.sleep(rule.intervalMs, signal);
  }
}

/** @returns what is wrong, or undefined. */
async function check(
  { executor, runId }: Watcher,
  { rule, input, signal }: { readonly rule: WatchAction['watch']; readonly input: WatchAction['with']; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const result = await executor.execute(
    {
      path: rule.path,
      attempt: 1,
      uses: rule.uses,
      with: input,
      key: `${runId}:${rule.path}`,
      timeoutMs: rule.timeoutMs,
      ledger: {},
      repeatable: true,
      ...(rule.hosts ? { hosts: rule.hosts } : {}),
    },
    { signal, hostStarted: () => Promise.resolve(), hostFinished: () => Promise.resolve(), hostProbed: () => Promise.resolve(), log: () => undefined },
  );
  return 'error' in result ? result.error.message : undefined;
}
