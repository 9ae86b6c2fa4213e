import type { Digest, JsonObject } from '../../core/index.ts';
import type { JournalEvent, LockWait, RunState, StepFailure, StepState } from '../../engine/index.ts';
import type { RunRow } from '../../journal/index.ts';
import type { PlanGraph, PlanNode, PlanPhase } from '../../plan/index.ts';
import type { Wait } from '../../steps/index.ts';
import type { HostBoard } from './host-board.ts';

/** All that is known about one run. */
export interface Facts {
  readonly row: RunRow;
  readonly events: readonly JournalEvent[];
}

/** One run as people ask about it; a pure fold over its events. Times are milliseconds since the epoch. */
export interface RunReport {
  readonly runId: string;
  readonly runbook: string;
  readonly planDigest?: Digest;
  readonly actor: string;
  readonly rehearsal: boolean;
  readonly state: RunState;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Of the last event. */
  readonly updatedAt: number;
  readonly reason?: string;
  /** What it waits for before it may act; absent when it does not. */
  readonly queue?: QueueReport;
  readonly outputs: JsonObject;
  readonly graph?: PlanGraph;
  readonly phases: readonly PhaseReport[];
  /** In the order they started or were skipped. */
  readonly tasks: readonly TaskReport[];
  /** Those of them that have begun and not ended. */
  readonly open: ReadonlySet<TaskReport>;
  readonly rollback?: RollbackReport;
  readonly votes: readonly Vote[];
  readonly breaches: readonly Breach[];
  readonly attention: readonly Attention[];
  readonly events: number;
  readonly head?: Digest;
  /** The finished run that this one undoes. */
  readonly rollbackOf?: string;
}
export interface PhaseReport {
  readonly id: string;
  readonly type: PlanPhase['type'];
  state: 'pending' | 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';
  startedAt?: number;
  finishedAt?: number;
}
export interface TaskReport {
  readonly path: string;
  readonly node?: PlanNode;
  state: StepState;
  attempts: number;
  startedAt?: number;
  finishedAt?: number;
  summary?: string;
  reason?: string;
  error?: StepFailure;
  wait?: Exclude<Wait, { type: 'branch' }>;
  readonly hosts: HostBoard;
}
export interface RollbackReport {
  readonly trigger: string;
  readonly reason: string;
  readonly by: string;
  readonly requestedAt: number;
  /** When the last task that moves traffic back had ended; absent when none ran. */
  trafficBackAt?: number;
  finishedAt?: number;
}
export interface QueueReport {
  /** Concurrency group, or name of the lock. */
  readonly group: string;
  readonly behind: readonly string[];
  readonly since: number;
  readonly lock?: LockWait;
}
export interface Vote {
  readonly path: string;
  readonly voter: string;
  readonly decision: 'approve' | 'reject';
  readonly at: number;
  readonly reason?: string;
}
export interface Breach {
  readonly what: string;
  readonly message: string;
  readonly at: number;
}
export interface Attention {
  readonly path: string;
  readonly reason: string;
  readonly hint: string;
}
