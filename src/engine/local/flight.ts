import type { Action, StartAction } from '../actions.ts';
import type { EventBody, StepResult } from '../events.ts';
import { createLogger } from './logger.ts';
import type { Drive } from './drive.ts';
import type { TaskControl, TaskRun } from './executor.ts';
import { Aborted, failureOf } from './failure.ts';
import { createWatches } from './watches.ts';
import { messageOf, createMasker } from '../../core/index.ts';

/** Everything a driver has under way. */
export interface Flight {
  /** Start what should go on and does not, stop what should not. Intents are durable before anything starts. */
  follow(actions: readonly Action[]): Promise<void>;
  isEmpty(): boolean;
  /** Abort what is left and wait for it. */
  settle(): Promise<void>;
}
interface Attempt {
  readonly abort: AbortController;
  done: Promise<void>;
}

export function createFlight(drive: Drive): Flight {
  const attempts = new Map<string, Attempt>();
  const watches = createWatches(drive);
  const logger = createLogger(drive);
  const launch = (key: string, work: (signal: AbortSignal) => Promise<void>): void => {
    const abort = new AbortController();
    const attempt: Attempt = { abort, done: Promise.resolve() };
    attempts.set(key, attempt);
    attempt.done = guarded(drive, work(AbortSignal.any([abort.signal, drive.signal]))).finally(() => {
      attempts.delete(key);
      drive.wake();
    });
  };
  return {
    follow: async (actions) => {
      const starts = actions.flatMap((action) => (action.type === 'start' && !attempts.has(action.path) ? [action] : []));
      await drive.append(starts.map(({ path, attempt, key, with: input }) => ({ type: 'stepStarted', path, attempt, key, with: input }) as const));
      for (const start of starts) launch(start.path, (signal) => execute(drive, start, { signal, logger }));
      for (const action of actions) {
        if (action.type === 'cancel') attempts.get(action.path)?.abort.abort(new Aborted('cancelled', action.reason));
        else if (action.type === 'probe' && !attempts.has(action.path)) launch(action.path, (signal) => probe(drive, action, { signal, logger }));
        else if (action.type === 'call' && !attempts.has(action.path)) launch(action.path, (signal) => call(drive, action, signal));
      }
      watches.follow(actions.flatMap((action) => (action.type === 'watch' ? [action] : [])));
      if (starts.length > 0) drive.wake();
    },
    isEmpty: () => attempts.size === 0,
    settle: async () => {
      watches.follow([]);
      for (const { abort } of attempts.values()) abort.abort(new Aborted('cancelled', 'the driver stops'));
      await Promise.all([...attempts.values()].map(({ done }) => done));
      logger.flush();
    },
  };
}

/** A driver that may not write any more stops; what it did not record is in doubt for the next one. */
async function guarded({ signal, options }: Drive, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    if (!signal.aborted)
      options.journal.log([{ runId: options.runId, path: '@driver', attempt: 0, at: options.clock.now(), stream: 'stderr', text: messageOf(cause) }]);
  }
}

interface Tools {
  readonly signal: AbortSignal;
  readonly logger: ReturnType<typeof createLogger>;
}

async function execute(drive: Drive, action: StartAction, { signal, logger }: Tools): Promise<void> {
  const { options, append } = drive;
  const began = options.clock.monotonic();
  const { path, attempt } = action;
  const result: StepResult = await options.executor.execute(taskOf(drive, action), controlOf(drive, { path, attempt, signal, logger }));
  logger.flush();
  if (drive.signal.aborted) return; // not ours to record any more
  await append([{ type: 'stepFinished', path, attempt, result, durationMs: Math.round(options.clock.monotonic() - began) }]);
}

async function probe(drive: Drive, action: Extract<Action, { type: 'probe' }>, { signal, logger }: Tools): Promise<void> {
  const { path, attempt } = action;
  const found = await drive.options.executor.probe(taskOf(drive, { ...action, ledger: {} }), controlOf(drive, { path, attempt, signal, logger }));
  if (!drive.signal.aborted) await drive.append([{ type: 'stepProbed', path, attempt, ...found }]);
}

async function call(drive: Drive, { path, runbook, inputs }: Extract<Action, { type: 'call' }>, signal: AbortSignal): Promise<void> {
  try {
    const child = await drive.options.call({ path, runbook, inputs }, signal);
    if (!drive.signal.aborted) await drive.append([{ type: 'childFinished', path, ...child }]);
  } catch (cause) {
    if (drive.signal.aborted || signal.aborted) return;
    const error = failureOf(cause, createMasker());
    const attempt = drive.data.tasks.get(path)?.attempt ?? 1;
    await drive.append([{ type: 'stepFinished', path, attempt, durationMs: 0, result: { state: 'failed', error } }]);
  }
}

function taskOf(
  { data }: Drive,
  action: Pick<StartAction, 'path' | 'node' | 'attempt' | 'uses' | 'with' | 'key' | 'timeoutMs' | 'ledger'> &
    Partial<Pick<StartAction, 'heartbeatMs' | 'hosts'>>,
): TaskRun {
  const { path, attempt, uses, with: input, key, timeoutMs, ledger, heartbeatMs, hosts } = action;
  const idempotency = data.created?.graph.nodes[action.node]?.idempotency;
  const repeatable = idempotency === 'safe' || idempotency === 'keyed';
  return {
    path,
    attempt,
    uses,
    with: input,
    key,
    timeoutMs,
    ledger,
    repeatable,
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(hosts === undefined ? {} : { hosts }),
  };
}

function controlOf(drive: Drive, { path, attempt, signal, logger }: Tools & { readonly path: string; readonly attempt: number }): TaskControl {
  const tell = (body: EventBody): Promise<void> => (drive.signal.aborted ? Promise.resolve() : drive.append([body]));
  return {
    signal,
    hostStarted: (host) => tell({ type: 'hostStarted', path, attempt, host }),
    hostFinished: (host, result) => tell({ type: 'hostFinished', path, attempt, host, result }),
    log: (line) => logger.log({ path, attempt, ...line }),
  };
}
