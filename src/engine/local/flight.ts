import type { Action, StartAction } from '../actions.ts';
import { indexOf } from '../graph-index.ts';
import type { EventBody, StepResult } from '../events.ts';
import { onRecord } from '../spread.ts';
import { createChains } from './chains.ts';
import { createLogger, type Logger } from './logger.ts';
import type { Drive } from './drive.ts';
import type { TaskControl, TaskRun } from './executor.ts';
import { Aborted, resultOf } from './failure.ts';
import { createScribe, type Scribe } from './scribe.ts';
import { createWatches } from './watches.ts';
import { createMasker, SlipwayError } from '../../core/index.ts';

/** Everything a driver has under way. */
export interface Flight {
  /** Start what should go on and does not, stop what should not. Intents are durable before anything starts. */
  follow(actions: readonly Action[]): Promise<void>;
  isEmpty(): boolean;
  /** Start nothing more and wait, at most so many milliseconds, for what is under way to end and be recorded. */
  drain(mostMs: number): Promise<void>;
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
  const scribe = createScribe({ clock: drive.options.clock, append: (events) => appendFor(drive, events), fail: drive.fail });
  const chains = createChains(drive);
  const launch = launcher(drive, attempts);
  const allDone = () => Promise.all([...attempts.values()].map(({ done }) => done));
  return {
    follow: async (actions) => {
      const isNew = ({ path }: { readonly path: string }): boolean => !attempts.has(path);
      const starts = actions.filter((action) => action.type === 'start').filter(isNew);
      await drive.append(starts.map(({ path, attempt, key, with: input }) => ({ type: 'stepStarted', path, attempt, key, with: input }) as const));
      for (const start of starts) launch(start.path, (signal) => execute(drive, start, { signal, logger, scribe, ...chains.partOf(start) }));
      chains.changed();
      for (const action of actions) {
        if (action.type === 'probe' && isNew(action)) launch(action.path, (signal) => probe(drive, action, { signal, logger, scribe }));
        else if (action.type === 'call' && isNew(action)) launch(action.path, (signal) => call(drive, action, signal));
      }
      // A call is launched before it is cancelled, so that one which a crash left behind is cancelled too.
      for (const action of actions) if (action.type === 'cancel') attempts.get(action.path)?.abort.abort(reasonOf(action));
      watches.follow(actions.flatMap((action) => (action.type === 'watch' ? [action] : [])));
      if (starts.length > 0) drive.wake();
    },
    isEmpty: () => attempts.size === 0,
    drain: async (mostMs) => {
      watches.follow([]);
      await within(drive, allDone(), mostMs);
      // What has not ended by now is nobody's to record: whoever drives next finds it in doubt.
      drive.leave();
    },
    settle: async () => {
      watches.follow([]);
      for (const { abort } of attempts.values()) abort.abort(new Aborted('cancelled', 'the driver stops'));
      await allDone();
      await logger.flush();
    },
  };
}

/** What hosts do changes no decision, but where they go on to a next step at their own pace. */
async function appendFor(drive: Drive, events: readonly EventBody[]): Promise<void> {
  await drive.append(events);
  const { created } = drive.data;
  const isAwaited = (path: string): boolean => created !== undefined && indexOf(created.graph).chains.of.has(path);
  if (events.some((event) => event.type === 'hostFinished' && isAwaited(event.path))) drive.wake();
}

type Launch = (key: string, work: (signal: AbortSignal) => Promise<void>) => void;

function launcher(drive: Drive, attempts: Map<string, Attempt>): Launch {
  return (key, work) => {
    const abort = new AbortController();
    const attempt: Attempt = { abort, done: Promise.resolve() };
    attempts.set(key, attempt);
    attempt.done = guarded(drive, work(AbortSignal.any([abort.signal, drive.signal]))).finally(() => {
      attempts.delete(key);
      drive.wake();
    });
  };
}

function reasonOf({ reason, isTimeout }: Extract<Action, { type: 'cancel' }>): Aborted {
  return new Aborted(isTimeout === true ? 'timedOut' : 'cancelled', reason);
}

/** Wait for something, but not longer than this. */
async function within({ options, signal }: Drive, ended: Promise<unknown>, mostMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([ended, options.clock.sleep(mostMs, AbortSignal.any([over.signal, signal])).catch(() => undefined)]);
  over.abort();
}

/** What cannot be recorded ends the driver; the next one finds it in doubt. */
async function guarded({ signal, fail }: Drive, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    if (!signal.aborted) fail(cause);
  }
}

interface Tools {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly scribe: Scribe;
  readonly chain?: NonNullable<TaskControl['chain']>;
}

async function execute(drive: Drive, action: StartAction, tools: Tools): Promise<void> {
  const { options } = drive;
  const { logger, scribe } = tools;
  const began = options.clock.monotonic();
  const { path, attempt } = action;
  const result: StepResult = await options.executor.execute(taskOf(drive, action), controlOf(drive, { path, attempt, ...tools }));
  await logger.flush();
  if (drive.signal.aborted) return; // not ours to record any more
  // It goes on with the hosts that have no result: when the step before has more, or by whoever drives next, who finds it under way.
  if ('error' in result && result.error.code === 'HANDED_OVER')
    return scribe.write(options.drain?.aborted === true ? [] : [{ type: 'stepInDoubt', path, attempt }]);
  const durationMs = Math.round(options.clock.monotonic() - began);
  await scribe.write([{ type: 'stepFinished', path, attempt, durationMs, ...(action.hosts ? onRecord(result) : { result }) }]);
}

async function probe(drive: Drive, action: Extract<Action, { type: 'probe' }>, tools: Tools): Promise<void> {
  const { path, attempt } = action;
  const found = await drive.options.executor.probe(taskOf(drive, { ledger: {}, ...action }), controlOf(drive, { path, attempt, ...tools }));
  if (!drive.signal.aborted) await drive.append([{ type: 'stepProbed', path, attempt, ...found }]);
}

async function call(drive: Drive, { path, attempt, runbook, inputs }: Extract<Action, { type: 'call' }>, signal: AbortSignal): Promise<void> {
  const end = await drive.options.call({ path, runbook, inputs }, signal).then(
    (child): EventBody => ({ type: 'childFinished', path, ...child }),
    (cause: unknown): EventBody => ({ type: 'stepFinished', path, attempt, durationMs: 0, result: resultOf(cause, signal, createMasker()) }),
  );
  // A called run that was handed over with its caller has not ended: whoever drives the caller next asks for it again.
  const isHandedOver = drive.options.drain?.aborted === true && end.type === 'stepFinished';
  if (!drive.signal.aborted && !isHandedOver) await drive.append([end]);
}

function taskOf(
  { data }: Drive,
  action: Pick<StartAction, 'path' | 'node' | 'attempt' | 'uses' | 'with' | 'key' | 'timeoutMs' | 'ledger'> &
    Partial<Pick<StartAction, 'heartbeatMs' | 'hosts' | 'only'>>,
): TaskRun {
  const { path, attempt, uses, with: input, key, timeoutMs, ledger, heartbeatMs, hosts, only } = action;
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
    probes: idempotency === 'probe',
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(only === undefined ? {} : { only }),
  };
}

function controlOf(drive: Drive, { path, attempt, signal, logger, scribe, chain }: Tools & { readonly path: string; readonly attempt: number }): TaskControl {
  const { drain } = drive.options;
  return {
    signal,
    ...(drain ? { drain } : {}),
    ...(chain ? { chain } : {}),
    hostStarted: async (host) => {
      signal.throwIfAborted();
      if (!isLive(drive, path, attempt)) throw new SlipwayError('LATE_ATTEMPT', `attempt ${attempt} of ${path} is over`);
      await scribe.intent({ type: 'hostStarted', path, attempt, host });
      // Aborted while the intent was written: the effect must not begin any more.
      signal.throwIfAborted();
    },
    hostFinished: async (host, result) => {
      if (drive.signal.aborted) return;
      const isLate = !isLive(drive, path, attempt);
      scribe.result(
        isLate
          ? { type: 'lateResultRejected', path, attempt, reason: `${host} ended ${result.state} after the attempt was over` }
          : { type: 'hostFinished', path, attempt, host, result },
      );
    },
    hostProbed: async (host, verdict) => {
      if (!drive.signal.aborted) await scribe.write([{ type: 'hostProbed', path, attempt, host, ...verdict }]);
    },
    log: (line) => logger.log({ path, attempt, ...line }),
    output: (of) => logger.output({ path, attempt, ...of }),
  };
}

/** Is this attempt still the one that counts? An effect that ignored its abort may end much later. */
function isLive({ data }: Drive, path: string, attempt: number): boolean {
  const task = data.tasks.get(path);
  return task === undefined || (task.state === 'running' && task.attempt === attempt);
}
