import { ApplicationFailure } from '@temporalio/common';
import type { Clock } from '../../../core/index.ts';
import { createMasker } from '../../../core/index.ts';
import type { HostResult, StepFailure, StepResult } from '../../events.ts';
import type { TaskControl } from '../../local/executor.ts';
import { failureOf } from '../../local/failure.ts';
import { createLogger } from '../../local/logger.ts';
import { breachOf } from '../../local/watches.ts';
import type { WorkerHands } from '../../remote.ts';
import { type Activities, type HostLook, type HostWork, LOCKS_LOST, LOST, type Work } from '../contract.ts';
import { startCopying } from './copying.ts';
import { type Pulse, startPulse } from './pulse.ts';
import type { Beat } from './pulse.ts';
import { keepProving, LocksLost, proveFirst } from './under-locks.ts';

/** The activity that runs just now, as its worker knows it. */
export interface Here {
  readonly beat: () => Promise<Beat>;
  readonly shutdown: AbortSignal;
}
export interface EffectOptions {
  readonly hands: WorkerHands;
  readonly here: () => Here;
}
type Tools = Awaited<ReturnType<WorkerHands['toolsOf']>>;

/** Activities with effects. They say how an effect ended; whether it is tried again, the run decides. */
export function effectActivities({ hands, here }: EffectOptions): Pick<Activities, 'execute' | 'executeHost' | 'probe' | 'probeHost' | 'watch'> {
  const { clock } = hands;
  const pulseOf = (heartbeatMs: number): Pulse => startPulse({ ...here(), clock, heartbeatMs });
  return {
    execute: async (work) => {
      using pulse = pulseOf(work.heartbeatMs);
      return await execute(hands, work, pulse);
    },
    executeHost: async (work) => {
      using pulse = pulseOf(work.heartbeatMs);
      const began = clock.monotonic();
      let host: HostResult | undefined;
      const attempt = await withTools(hands, work, ({ executor }) =>
        logged(work, { hands, pulse, ended: (result) => void (host = result) }, (control) => executor.execute(work.task, control)),
      );
      certain(attempt, pulse);
      const ranMs = elapsed(clock, began);
      return host ? { host, ranMs } : { attempt, ranMs };
    },
    probe: async (work) => {
      using pulse = pulseOf(work.heartbeatMs);
      return certain(await look(hands, work, { pulse }).catch(unknown), pulse);
    },
    probeHost: async (work) => {
      using pulse = pulseOf(work.heartbeatMs);
      return certain(await lookAt(hands, work, pulse), pulse);
    },
    watch: async ({ runId, watch, with: input, again, secrets, heartbeatMs }) => {
      using pulse = pulseOf(heartbeatMs);
      try {
        using tools = await hands.toolsOf(runId, secrets);
        return await breachOf({ rule: watch, input, isAgain: again }, { executor: tools.executor, clock, runId }, pulse.signal);
      } catch (cause) {
        // Its phase is over, or this worker is: what becomes of the watch, the run knows.
        throw lost(cause);
      }
    },
  };
}

async function execute(hands: WorkerHands, work: Work, pulse: Pulse): ReturnType<Activities['execute']> {
  const { clock } = hands;
  const began = clock.monotonic();
  const arrived = startCopying(hands, work);
  const result = await withTools(hands, work, ({ executor }) => logged(work, { hands, pulse }, (control) => executor.execute(work.task, control)));
  const ended = { result: certain(result, pulse), durationMs: elapsed(clock, began) };
  return { ...ended, ...(await arrived()) };
}

/** A worker that cannot even begin is no fault of the step: a person mends the worker, and the step is tried again. */
async function withTools(hands: WorkerHands, work: Work, act: (tools: Tools) => Promise<StepResult>): Promise<StepResult> {
  const opened = await openTools(hands, work);
  if (!('executor' in opened)) {
    const { hint = 'mend the worker', ...error } = opened;
    return { state: 'failed', error: { ...error, hint, retry: 'pauseForHuman' } };
  }
  using tools = opened;
  return await act(tools);
}

/** @throws {ApplicationFailure} `LOCKS_GONE`. @returns what keeps this worker from it otherwise. */
async function openTools(hands: WorkerHands, { runId, secrets, proof }: Work): Promise<Tools | StepFailure> {
  try {
    const tools = await hands.toolsOf(runId, secrets);
    // The last thing before it begins.
    await proveFirst(hands, proof).catch((cause: unknown) => {
      tools[Symbol.dispose]();
      throw cause;
    });
    return tools;
  } catch (cause) {
    if (cause instanceof ApplicationFailure) throw cause;
    return failureOf(cause, createMasker());
  }
}

async function look(hands: WorkerHands, work: Work, told: Omit<Logged, 'hands'>): ReturnType<Activities['probe']> {
  using tools = await hands.toolsOf(work.runId, work.secrets);
  return await logged(work, { hands, ...told }, (control) => tools.executor.probe(work.task, control));
}

async function lookAt(hands: WorkerHands, work: HostWork, pulse: Pulse): Promise<HostLook> {
  let told: HostLook | undefined;
  const { reason = 'nobody looked' } = await look(hands, work, { pulse, looked: (found) => void (told = found) }).catch(unknown);
  return told ?? { verdict: 'unknown', reason };
}

interface Logged {
  readonly hands: WorkerHands;
  readonly pulse: Pulse;
  readonly ended?: (result: HostResult) => void;
  readonly looked?: (found: HostLook) => void;
}

/** Run an effect with its output on its way to the journal. */
async function logged<T>(work: Work | HostWork, { hands, pulse, ended, looked }: Logged, act: (control: TaskControl) => Promise<T>): Promise<T> {
  const { journal, clock } = hands;
  const { path, attempt } = work.task;
  const logger = createLogger({ options: { journal, clock, runId: work.runId } });
  using _proving = keepProving(hands, work.proof, pulse);
  try {
    assertHeard(pulse);
    return await act({
      signal: pulse.signal,
      // The intent is in the history of the run already.
      hostStarted: async () => {
        pulse.signal.throwIfAborted();
        assertHeard(pulse);
      },
      hostFinished: async (_host, result) => ended?.(result),
      hostProbed: async (_host, found) => looked?.(found),
      log: (line) => logger.log({ path, attempt, ...line }),
      output: (of) => logger.output({ path, attempt, ...of }),
    });
  } finally {
    await logger.flush();
  }
}

/** What an effect says counts only as long as the server believes that it is ours. @throws {ApplicationFailure} `EFFECT_LOST`. */
function certain<T>(value: T, pulse: Pulse): T {
  if (pulse.isLost()) throw lost(pulse.signal.reason);
  return value;
}

/** A worker that was frozen may come to the next effect before its next sign of life. @throws {ApplicationFailure} `EFFECT_LOST`. */
function assertHeard(pulse: Pulse): void {
  if (!pulse.isLost()) return;
  const why = lost(pulse.signal.reason);
  pulse.lose(why);
  throw why;
}

function lost(cause: unknown): ApplicationFailure {
  const message = cause instanceof Error ? cause.message : 'this worker was silent for too long';
  return ApplicationFailure.create({ type: cause instanceof LocksLost ? LOCKS_LOST : LOST, nonRetryable: true, message });
}

function unknown(cause: unknown): { readonly verdict: 'unknown'; readonly reason: string } {
  return { verdict: 'unknown', reason: failureOf(cause, createMasker()).message };
}

function elapsed(clock: Clock, began: number): number {
  return Math.round(clock.monotonic() - began);
}
