import type { Digest, Json, JsonObject } from '../core/pure.ts';
import type { StoredEvent } from '../journal/index.ts';
import type { PlanGraph } from '../plan/index.ts';
import type { RollbackTrigger } from '../runbook/index.ts';
import type { Gate, HostState, Wait } from '../steps/index.ts';
import type { LockWait } from './locks.ts';

export const RUN_STATES = [
  'queued',
  'waiting',
  'running',
  'paused',
  'attention',
  'cancelling',
  'cancelled',
  'rollingBack',
  'rolledBack',
  'rollbackFailed',
  'failed',
  'succeeded',
] as const;
export type RunState = (typeof RUN_STATES)[number];
export const TERMINAL_STATES = ['cancelled', 'rolledBack', 'rollbackFailed', 'failed', 'succeeded'] as const satisfies readonly RunState[];

export const STEP_STATES = [
  'pending',
  'ready',
  'running',
  'retrying',
  'waiting',
  'inDoubt',
  'ok',
  'changed',
  'skipped',
  'failed',
  'timedOut',
  'cancelled',
  'compensating',
  'compensated',
] as const;
export type StepState = (typeof STEP_STATES)[number];

/** Who did it: `user:ada`, `schedule:nightly`, `system`. */
export type Actor = string;

export interface StepFailure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly retry: 'never' | 'afterBackoff' | 'pauseForHuman';
}
export interface HostResult {
  readonly state: HostState;
  /** Nobody saw the end of what was begun there: it may have taken effect, whatever the state says. */
  readonly inDoubt?: true;
  readonly outputs?: Json;
  readonly summary?: string;
  readonly error?: StepFailure;
  readonly durationMs: number;
}
/** How an attempt ended. Outputs hold sealed references in place of secrets. */
export type StepResult =
  | { readonly state: 'ok' | 'changed'; readonly outputs: JsonObject; readonly summary?: string }
  | { readonly state: 'failed' | 'timedOut' | 'cancelled'; readonly error: StepFailure };

/** A task as another run left it. */
export interface TakenTask {
  readonly path: string;
  /** `ready` goes on with its ledger. */
  readonly state: StepState;
  readonly attempt: number;
  readonly with: JsonObject;
  /** Without those of its hosts, which are in the ledger. */
  readonly outputs: JsonObject;
  readonly summary?: string;
  readonly error?: StepFailure;
  readonly hosts?: { readonly [host: string]: HostResult | 'inDoubt' };
  /** Only these hosts begin. */
  readonly only?: readonly string[];
}
/** What a run takes over from a finished one of the same plan. */
export interface Retried {
  readonly runId: string;
  readonly phases: { readonly [id: string]: 'succeeded' | 'skipped' };
  readonly tasks: readonly TakenTask[];
  /** Items of its expanded foreach nodes. */
  readonly items: { readonly [path: string]: readonly Json[] };
}

/**
 * Everything that can happen to a run. `path` is the address of a task: a plan path, with `[index]` for a foreach
 * item. The journal adds run, sequence number, time and chain hash; `evolve` sees time only as `at` of its event.
 */
export type EventBody =
  | {
      readonly type: 'runCreated';
      readonly planDigest: Digest;
      readonly graph: PlanGraph;
      readonly inputs: JsonObject;
      readonly actor: Actor;
      readonly rehearsal: boolean;
      /** Absolute path of the files on the machine that began the run. */
      readonly checkout: string;
      /** What they are, so that another machine can have them too. */
      readonly commit?: { readonly head: string; readonly tree: Digest; readonly dirty: boolean };
      /** Authors and committers of the planned change; they cannot approve it. */
      readonly authors: readonly string[];
      /** Soft findings of policies that the actor overrode, and why. */
      readonly overrides?: { readonly reason: string; readonly findings: readonly { readonly id: string; readonly rule: string; readonly msg: string }[] };
      readonly parent?: { readonly runId: string; readonly path: string };
      /** This run undoes what that finished run did: its started tasks and their outputs. */
      readonly rollbackOf?: {
        readonly runId: string;
        readonly reason?: string;
        readonly started: readonly { readonly path: string; readonly outputs: JsonObject }[];
        /** Items of its expanded foreach nodes, which compensations of items see as `item`. */
        readonly items?: { readonly [path: string]: readonly Json[] };
      };
      /** This run goes on with a finished one: what ended well there is not done again. */
      readonly retryOf?: Retried;
    }
  /** Waits for its turn in a concurrency group; or, with `lock`, for what another run acts on, and then `group` is the name of the lock. */
  | { readonly type: 'runQueued'; readonly group: string; readonly behind?: readonly string[]; readonly lock?: LockWait }
  | { readonly type: 'runStarted' }
  | { readonly type: 'phaseStarted'; readonly phase: string }
  | { readonly type: 'phaseFinished'; readonly phase: string; readonly state: 'succeeded' | 'failed' | 'skipped' | 'cancelled' }
  | { readonly type: 'stepExpanded'; readonly path: string; readonly items: readonly Json[] }
  | { readonly type: 'stepSkipped'; readonly path: string; readonly reason: string }
  /** The intent: durable before the effect begins. */
  | { readonly type: 'stepStarted'; readonly path: string; readonly attempt: number; readonly key: string; readonly with: JsonObject }
  | { readonly type: 'hostStarted'; readonly path: string; readonly attempt: number; readonly host: string }
  | { readonly type: 'hostFinished'; readonly path: string; readonly attempt: number; readonly host: string; readonly result: HostResult }
  /** A look at a host that was in flight after a crash: done, with its result; not done, so that it may start again; or unknown. */
  | {
      readonly type: 'hostProbed';
      readonly path: string;
      readonly attempt: number;
      readonly host: string;
      readonly verdict: 'done' | 'notDone' | 'unknown';
      readonly result?: HostResult;
      readonly reason?: string;
    }
  | {
      readonly type: 'stepFinished';
      readonly path: string;
      readonly attempt: number;
      readonly result: StepResult;
      readonly durationMs: number;
      /** The results of its hosts are on record one by one: `outputs.hosts` is those, and is not written twice. */
      readonly hostsOnRecord?: true;
    }
  | { readonly type: 'stepRetryScheduled'; readonly path: string; readonly attempt: number; readonly at: number }
  /** Found in flight after a crash: nobody knows whether it took effect. */
  | { readonly type: 'stepInDoubt'; readonly path: string; readonly attempt: number }
  | {
      readonly type: 'stepProbed';
      readonly path: string;
      readonly attempt: number;
      readonly verdict: 'done' | 'notDone' | 'unknown';
      readonly result?: StepResult;
      readonly reason?: string;
    }
  | { readonly type: 'stepWaiting'; readonly path: string; readonly wait: Exclude<Wait, { type: 'branch' }> }
  | { readonly type: 'signalReceived'; readonly id: string; readonly name: string; readonly by: Actor; readonly payload: Json }
  | {
      readonly type: 'voteCast';
      readonly id: string;
      readonly path: string;
      readonly voter: Actor;
      readonly teams: readonly string[];
      readonly decision: 'approve' | 'reject';
      readonly planDigest: Digest;
      readonly reason?: string;
    }
  | { readonly type: 'gateClosed'; readonly path: string; readonly outcome: 'approved' | 'rejected' | 'timedOut' | 'autoGranted'; readonly gate: Gate }
  | { readonly type: 'childFinished'; readonly path: string; readonly runId: string; readonly state: RunState; readonly outputs: JsonObject }
  | { readonly type: 'watchBreached'; readonly path: string; readonly failures: number; readonly message: string }
  | { readonly type: 'slaBreached'; readonly id: string }
  | { readonly type: 'windowClosed'; readonly phase: string }
  | { readonly type: 'pauseRequested' | 'resumeRequested' | 'cancelRequested'; readonly id: string; readonly by: Actor; readonly reason?: string }
  /** A person settles a task in attention: try again, take it as done, or take it as failed. */
  | {
      readonly type: 'taskResolved';
      readonly id: string;
      readonly path: string;
      readonly by: Actor;
      readonly as: 'retry' | 'done' | 'failed';
      readonly outputs?: JsonObject;
      /** Only these hosts of it. With `retry`, no other begins; otherwise the step goes on with those that have no result. */
      readonly hosts?: readonly string[];
    }
  | {
      readonly type: 'rollbackRequested';
      readonly id: string;
      readonly trigger: RollbackTrigger;
      readonly by: Actor;
      readonly reason: string;
      readonly force?: boolean;
    }
  | { readonly type: 'attentionRaised'; readonly path: string; readonly reason: string; readonly hint: string }
  /** What a person was asked has settled itself: a worker has come for a step that none had taken. */
  | { readonly type: 'attentionCleared'; readonly path: string }
  | { readonly type: 'leaseTaken'; readonly token: number; readonly owner: string }
  | { readonly type: 'lateResultRejected'; readonly path: string; readonly attempt: number; readonly reason: string }
  | { readonly type: 'runFinished'; readonly state: (typeof TERMINAL_STATES)[number]; readonly outputs: JsonObject; readonly reason?: string };

/** An event as the journal keeps it. */
export type JournalEvent = StoredEvent<EventBody>;
