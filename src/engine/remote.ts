import type { Clock, JsonObject } from '../core/index.ts';
import type { Journal } from '../journal/index.ts';
import type { EventBody, JournalEvent, RunState, StepFailure } from './events.ts';
import type { Executor } from './local/executor.ts';
import type { WorkerLocks } from './locks.ts';
import type { RequestBody } from './requests.ts';

/**
 * An engine that drives runs on a server instead of in this process. The journal stays what people read: the engine copies every event into it, in order,
 * once. Implemented by engine/temporal, which is loaded only when it is configured.
 */
export interface RemoteEngine extends AsyncDisposable {
  /** For people: `temporal at 127.0.0.1:7233, namespace default`. */
  readonly name: string;
  /**
   * Have a recorded run driven; asking again while it goes on changes nothing. One whose workflow was ended from outside goes on from its journal.
   *
   * @throws {SlipwayError} `ENGINE_UNREACHABLE`, `ENGINE_REFUSED`.
   */
  start(run: RemoteRun): Promise<void>;
  /**
   * Ask something of a run; resolves once the answer is in the journal. The id of the request deduplicates.
   *
   * @throws {SlipwayError} what `refuseRequest` says, `RUN_OVER`, `NOT_DRIVEN`, `NO_WORKER` when nobody took it in time, `ENGINE_UNREACHABLE`.
   */
  ask(runId: string, body: RequestBody): Promise<{ readonly seq: number; readonly fresh: boolean }>;
  /** How a run stands for the engine, which may know a moment more than the journal; undefined when it does not drive it. */
  status(runId: string): Promise<RemoteStatus | undefined>;
  /** Does a worker take runs just now? */
  hasWorker(zone?: string): Promise<boolean>;
  /** Work until the signal aborts: first nothing new is taken, then what is under way has its time to end. */
  work(hands: WorkerHands, options: WorkOptions): Promise<void>;
}
export interface RemoteRun {
  readonly runId: string;
  readonly runbook: string;
  readonly environments: readonly string[];
  readonly wave?: string;
}
export interface RemoteStatus {
  readonly state: RunState;
  readonly seq: number;
  readonly projected: number;
  readonly underWay: readonly string[];
  readonly attention: { readonly [path: string]: string };
}
export interface WorkOptions {
  /** Take runs, and steps that belong to no zone. */
  readonly central: boolean;
  readonly zones: readonly string[];
  readonly signal: AbortSignal;
  /** Time that what is under way has after the signal, in milliseconds. */
  readonly drainMs: number;
  /** Most steps at once. */
  readonly concurrency: number;
  readonly notice: (line: string) => void;
  readonly ready?: () => void;
}
/** What a worker needs built for it. */
export interface WorkerHands {
  readonly journal: Journal<EventBody>;
  readonly clock: Clock;
  /**
   * What the steps of a run are executed with: kept open while somebody uses it, and a while longer. Secrets are told to its masker before anything runs.
   *
   * @throws whatever keeps this worker from working for the run.
   */
  toolsOf(runId: string, secrets: readonly string[]): Promise<Disposable & { readonly executor: Executor }>;
  /** What runs have to hold while they act; without it they hold nothing. */
  readonly locks?: WorkerLocks;
  /** Told what this worker has written into the journal, in order; each event is told by one worker, once. Must not throw. */
  told?(runId: string, events: readonly JournalEvent[]): Promise<void>;
  /** The run is over: its tools are not needed any more. */
  release(runId: string): Promise<void>;
  /** Record and start a called run, or find it; with its end when it is over. */
  call(request: {
    readonly runId: string;
    readonly path: string;
    readonly runbook: string;
    readonly inputs: JsonObject;
  }): Promise<{ readonly runId: string; readonly end?: { readonly state: RunState; readonly outputs: JsonObject } } | { readonly failed: StepFailure }>;
}
