import { type Clock, EXIT, SlipwayError } from '../../core/index.ts';
import type { Journal, Lease } from '../../journal/index.ts';
import { kindOf as registered } from '../../steps/index.ts';
import type { KindOf } from '../decide/context.ts';
import { decide } from '../decide.ts';
import { evolve, stateOf } from '../evolve.ts';
import type { EventBody, JournalEvent, RunState } from '../events.ts';
import type { RunData } from '../state.ts';
import { isStuck } from '../rest.ts';
import { runStateOf } from '../view.ts';
import type { Action } from '../actions.ts';
import type { RunLocks } from '../locks.ts';
import type { Executor } from './executor.ts';
import { createFlight, type Flight } from './flight.ts';
import { holdLocks } from './hold-locks.ts';
import { holdLease } from './lease.ts';
import type { OpenSpill } from './output.ts';
import { awaitTurn } from './queue.ts';
import { createWaker } from './waker.ts';

export interface DriveOptions {
  readonly runId: string;
  readonly journal: Journal<EventBody>;
  readonly executor: Executor;
  readonly clock: Clock;
  /** Who drives, for people and for leases: `host:pid:…`. */
  readonly owner: string;
  /** Stop driving at once, without ending the run: it can be resumed. */
  readonly signal: AbortSignal;
  /** Hand the run over: start nothing new, let what is under way end, and stop driving without ending the run. */
  readonly drain?: AbortSignal;
  /** Time that what is under way has after `drain`, in milliseconds; then it is aborted, and the next driver finds it in doubt. */
  readonly drainMs?: number;
  /**
   * Drive a called runbook to its end; the same run id for the same path, also after a crash. When the signal aborts while the driver's own does not,
   * the call is over for the caller: cancel the called run, and give back how it ended, or reject.
   */
  readonly call: (
    request: { readonly path: string; readonly runbook: string; readonly inputs: Extract<Action, { type: 'call' }>['inputs'] },
    signal: AbortSignal,
  ) => Promise<{ readonly runId: string; readonly state: RunState; readonly outputs: Extract<EventBody, { type: 'childFinished' }>['outputs'] }>;
  readonly kindOf?: KindOf;
  /** What the run has to hold while it acts; a called run acts under the locks of its caller. */
  readonly locks?: RunLocks;
  /** Told of every event of the run in order, of those recorded before with `isNew` false. Must not throw. */
  readonly observe?: (event: JournalEvent, isNew: boolean) => void;
  /** Failures a rehearsal was asked for, of steps that only wait; those of effects are the executor's. */
  readonly fault?: (path: string) => SlipwayError | undefined;
  readonly leaseTtlMs?: number;
  /** Keeps output that is too long for the log; without it, such output is left out. */
  readonly openSpill?: OpenSpill;
}
const LEASE_TTL_MS = 30_000;
const DRAIN_MS = 20_000;

/** What the parts of a driver share. */
export interface Drive {
  readonly options: DriveOptions;
  readonly data: RunData;
  readonly lease: Lease;
  /** Aborted when driving has to stop without ending the run: the caller's signal, or a lost lease. */
  readonly signal: AbortSignal;
  readonly wake: () => void;
  /** Stop driving: something that had to be recorded was not, so nobody knows any more what is true. */
  readonly fail: (cause: unknown) => void;
  /** Stop driving and leave the run as it stands. */
  readonly leave: () => void;
  /** Append, then take everything new into account, in the order of the journal. */
  readonly append: (bodies: readonly EventBody[]) => Promise<void>;
}

/**
 * Drive a run until it ends, or until only a person can move it on (`attention`, `paused`). One process at a time does: the
 * lease decides. Every intent is durable before its effect begins.
 *
 * @throws {SlipwayError} `LOCKED` while another live process drives it, `LOCK_LOST`, `RUN_NOT_FOUND`, `JOURNAL_*`.
 */
export async function driveRun(options: DriveOptions): Promise<{ readonly state: RunState }> {
  const { journal, runId, owner } = options;
  const lease = await journal.acquire(runId, owner, options.leaseTtlMs ?? LEASE_TTL_MS);
  if ('heldBy' in lease) {
    throw new SlipwayError('LOCKED', `${runId} is driven by ${lease.heldBy} (lease until ${new Date(lease.expiresAt).toISOString()})`, {
      exitCode: EXIT.locked,
      hint: `watch it with "slipway watch ${runId}"; it can be resumed once that process is gone`,
    });
  }
  await using held = holdLease(lease, { journal, clock: options.clock, ttlMs: options.leaseTtlMs ?? LEASE_TTL_MS });
  const failed = new AbortController();
  const left = new AbortController();
  const signal = AbortSignal.any([options.signal, held.signal, failed.signal, left.signal]);
  const data = await loadRun(options);
  const waker = createWaker(options, () => data.seq, signal);
  options.drain?.addEventListener('abort', waker.wake, { once: true });
  const append = appender(options, { data, lease, wake: waker.wake });
  const drive: Drive = { options, data, lease, signal, wake: waker.wake, fail: (cause) => failed.abort(cause), leave: () => left.abort(), append };
  try {
    await append([{ type: 'leaseTaken', token: lease.token, owner }, ...doubts(drive)]);
    await goOn(drive, waker);
    held.signal.throwIfAborted();
    failed.signal.throwIfAborted();
    return { state: runStateOf(data) };
  } finally {
    options.drain?.removeEventListener('abort', waker.wake);
    waker.stop();
  }
}

/** See `Drive.append`. */
function appender({ journal, runId, observe }: DriveOptions, { data, lease, wake }: Pick<Drive, 'data' | 'lease' | 'wake'>): Drive['append'] {
  return async (bodies) => {
    // Together with the event: a crash between the two would leave a run that is over in the queue of its concurrency group for ever.
    const end = bodies.find((body) => body.type === 'runFinished');
    const written = bodies.length > 0 ? await journal.append(runId, bodies, lease, end?.state) : [];
    const own = new Set(written.map(({ seq }) => seq));
    // Others may have written in between, or be about to take their own events into account: each event counts once, in the journal's order.
    const isNext = written[0]?.seq === data.seq + 1;
    for (const event of isNext ? written : await journal.read(runId, data.seq)) {
      if (event.seq !== data.seq + 1) continue;
      evolve(data, event);
      observe?.(event, true);
      // Its follower takes this one for known by now, and whoever appends need not be who decides.
      if (!own.has(event.seq)) wake();
    }
  };
}

async function goOn(drive: Drive, waker: ReturnType<typeof createWaker>): Promise<void> {
  await using _locks = holdLocks(drive);
  if (!drive.data.finished) await awaitTurn(drive);
  await loop(drive, createFlight(drive), waker);
}

async function loadRun({ journal, runId, observe }: DriveOptions): Promise<RunData> {
  const before = await journal.read(runId);
  for (const event of before) observe?.(event, false);
  return stateOf(before);
}

/** Attempts of a process that is no more: nobody knows how far they came. */
function doubts({ data, options }: Pick<Drive, 'data' | 'options'>): readonly EventBody[] {
  const kindOf = options.kindOf ?? registered;
  return [...data.tasks.values()].flatMap(({ path, node, state, attempt }) => {
    const uses = data.created?.graph.nodes[node]?.uses ?? '';
    return state === 'running' && kindOf(uses)?.target !== 'control' ? [{ type: 'stepInDoubt', path, attempt } as const] : [];
  });
}

/** Waiting steps that a rehearsal lets fail end before they begin to wait. */
function armedWaits({ data, options }: Pick<Drive, 'data' | 'options'>): readonly EventBody[] {
  const { fault, kindOf = registered } = options;
  if (!fault) return [];
  return [...data.tasks.values()].flatMap(({ path, node, state, attempt }) => {
    const isWait = state === 'running' && kindOf(data.created?.graph.nodes[node]?.uses ?? '')?.target === 'control';
    const error = isWait ? fault(path) : undefined;
    if (!error) return [];
    const { code, message } = error;
    return [{ type: 'stepFinished', path, attempt, durationMs: 0, result: { state: 'failed', error: { code, message, retry: 'never' } } } as const];
  });
}

async function loop(drive: Drive, flight: Flight, waker: ReturnType<typeof createWaker>): Promise<void> {
  try {
    await steer(drive, flight, waker);
  } catch (cause) {
    // Whoever cannot record may not act either: what is under way is aborted, and the next driver finds it in doubt.
    drive.fail(cause);
  } finally {
    await flight.settle();
  }
}

async function steer(drive: Drive, flight: Flight, waker: ReturnType<typeof createWaker>): Promise<void> {
  const { data, options, signal, append } = drive;
  let shown = '';
  let decided: Decided = { seq: -1, until: 0, actions: [] };
  while (!signal.aborted) {
    waker.reset();
    if (options.drain?.aborted === true) return flight.drain(options.drainMs ?? DRAIN_MS);
    await append(armedWaits(drive));
    decided = decideOnce(drive, decided);
    const { actions } = decided;
    const records = actions.flatMap((action) => (action.type === 'record' ? [action.event] : []));
    if (records.length > 0) {
      await append(records);
      continue;
    }
    await flight.follow(actions);
    const state = runStateOf(data);
    if (state !== shown) await options.journal.setState(options.runId, (shown = state), drive.lease);
    if (data.finished) break;
    if (isStuck(state, { isEmpty: flight.isEmpty(), actions })) {
      // A person may have answered while this was found out; whoever answers trusts a driver that holds the lease.
      const { seq } = data;
      await append([]);
      if (data.seq === seq) break;
      continue;
    }
    await waker.sleepUntil(wakeTime(actions), options.clock);
  }
}

/** A decision, and how long it holds: until an event, or until a time it waits for. */
interface Decided {
  readonly seq: number;
  readonly until: number;
  readonly actions: readonly Action[];
}

function decideOnce({ data, options }: Drive, last: Decided): Decided {
  const now = options.clock.now();
  if (data.seq === last.seq && now < last.until) return last;
  const actions = data.finished ? [] : decide(data, now, options.kindOf ?? registered, { hostFirst: true });
  return { seq: data.seq, until: wakeTime(actions) ?? Infinity, actions };
}

function wakeTime(actions: readonly Action[]): number | undefined {
  const times = actions.flatMap((action) => (action.type === 'timer' ? [action.at] : []));
  return times.length > 0 ? Math.min(...times) : undefined;
}
