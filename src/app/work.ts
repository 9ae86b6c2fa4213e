import { createMasker, EXIT, SlipwayError } from '../core/index.ts';
import { type EventBody, isTerminal, stateOf, type WorkerHands } from '../engine/index.ts';
import { beginRecorded } from './begin-recorded.ts';
import { recordCall } from './call.ts';
import { createdOf } from './drive.ts';
import { observeWritten } from './observe-written.ts';
import { storeCounts } from './operate/store-counts.ts';
import { remoteRun } from './remote.ts';
import { filesOf } from './run-files.ts';
import { supervise, type SuperviseOptions } from './supervise.ts';
import { createToolbox } from './toolbox.ts';
import type { Session } from './types.ts';
import type { RunJournal, Wiring } from './wiring.ts';
import { createWorkerLocks } from './worker-locks.ts';

export interface WorkOptions {
  /** Zones whose steps this worker takes; none of them makes it a central worker. */
  readonly zones: readonly string[];
  /** Take runs and steps of no zone, beside those zones. */
  readonly central: boolean;
  /** Most steps at once. */
  readonly most: number;
  readonly onReady?: (engine: string) => void;
  /** Called when a run that this process drove itself was left or has ended, with its state. */
  readonly onLeft: NonNullable<SuperviseOptions['onLeft']>;
}
/** Time that what is under way has after SIGTERM, in milliseconds. */
const DRAIN_MS = 20_000;

/**
 * Work for the engine on a server until the session drains. A central worker also drives runs that were begun before the engine was configured, so that none
 * is an orphan, and begins those that were recorded for the engine and never reached it.
 *
 * @throws {SlipwayError} `NO_ENGINE`, `ENGINE_UNREACHABLE`, `ENGINE_MISSING`.
 */
export async function work(session: Session, wiring: Wiring, options: WorkOptions): Promise<void> {
  if (!wiring.engine)
    throw new SlipwayError('NO_ENGINE', 'zones have workers only where an engine on a server drives runs', {
      exitCode: EXIT.usage,
      hint: 'set SLIPWAY_ENGINE=temporal; see docs/engines.md',
    });
  const engine = await wiring.engine();
  const journal = await wiring.journal();
  await using toolbox = createToolbox(session, wiring);
  await using store = await wiring.store();
  await using listener = options.central ? await wiring.telemetry.listen(() => storeCounts(wiring)) : undefined;
  if (listener) session.notice(`metrics are at port ${listener.port}`);
  const hands: WorkerHands = {
    ...{ journal, clock: wiring.clock, toolsOf: toolbox.toolsOf, release: toolbox.release, locks: createWorkerLocks(session, wiring, store) },
    told: observeWritten(wiring),
    call: (request) => call(session, wiring, request),
  };
  const { zones, central, most, onReady } = options;
  await together(session, [
    (signal) =>
      engine.work(hands, {
        ...{ zones, central, concurrency: most, drainMs: DRAIN_MS, notice: session.notice, signal },
        ready: () => onReady?.(engine.name),
      }),
    ...(central
      ? [
          (drain: AbortSignal) => supervise({ ...session, drain }, wiring, options),
          (stop: AbortSignal) => beginRecorded({ journal, engine, clock: wiring.clock, stop, notice: session.notice }),
        ]
      : []),
  ]);
}

/** Do all of it until the session drains. When one part ends, the others hand over what they have, and end too. */
async function together(session: Session, parts: readonly ((stop: AbortSignal) => Promise<void>)[]): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([over.signal, session.signal, ...(session.drain ? [session.drain] : [])]);
  const ended = await Promise.allSettled(parts.map((part) => part(stop).finally(() => over.abort())));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}

type Call = WorkerHands['call'];

/** Start a called run, or find how it ended. What is wrong with the call is told to the caller; everything else is tried again. */
async function call(session: Session, wiring: Wiring, { runId: parent, path, runbook, inputs }: Parameters<Call>[0]): ReturnType<Call> {
  const journal = await wiring.journal();
  const created = await createdOf(journal, parent);
  let runId: string;
  try {
    const checkout = await filesOf(session, wiring, created);
    runId = await recordCall(wiring, { path, runbook, inputs, parent, checkout, created });
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code.startsWith('JOURNAL_')) throw cause;
    const { code, message, retry, hint } = cause;
    return { failed: { code, message: createMasker().mask(message), retry, ...(hint === undefined ? {} : { hint }) } };
  }
  const end = await endOf(journal, runId);
  if (end) return { runId, end };
  const engine = await wiring.engine?.();
  await engine?.start(await remoteRun(journal, runId));
  return { runId };
}

async function endOf(journal: RunJournal, runId: string): Promise<Pick<Extract<EventBody, { type: 'childFinished' }>, 'state' | 'outputs'> | undefined> {
  const row = await journal.run(runId);
  if (!row || !isTerminal(row.state)) return undefined;
  const { finished } = stateOf(await journal.read(runId));
  return finished && { state: finished.state, outputs: finished.outputs };
}
