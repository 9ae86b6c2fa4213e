import type { Digest, Json, JsonObject } from '../core/index.ts';
import type { Host, Idempotency, Preview } from '../steps/index.ts';
import type { Remediation, RollbackTrigger, Subscription } from '../runbook/index.ts';

/** Retry rule with every default filled in. Times in milliseconds. */
export interface RetryRule {
  readonly attempts: number;
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: 'full' | 'equal' | 'none';
  readonly maxElapsedMs?: number;
  readonly on?: readonly string[];
  readonly except: readonly string[];
}
export type HostCount = number | { readonly fraction: number };
/** How a step spreads over hosts. */
export interface HostRule {
  readonly pattern: string;
  /** Host names at plan time, in run order. */
  readonly names: readonly string[];
  readonly serial: readonly HostCount[];
  readonly throttle?: HostCount;
  readonly strategy: 'linear' | 'free' | 'hostFirst';
  readonly maxFailPercentage?: number;
  readonly maxErrors?: number;
  readonly anyErrorsFatal: boolean;
  readonly runOnce: boolean;
  readonly become?: JsonObject;
  readonly changedWhen?: string;
  readonly failedWhen?: string;
  readonly creates?: string;
  readonly unless?: string;
}

/**
 * One node of the graph. Phases, approvals, windows, dual-run sugar, rescue, finally and compensations are all nodes,
 * so that the engine knows one thing only. Paths: `<phase>/<step>`; `<phase>/@approval`, `@window`, `@after`, `@probe`,
 * `@collect`, `@analysis`; nested ones `<owner>/<role>/<id or index>`.
 */
export interface PlanNode {
  readonly path: string;
  readonly phase: string;
  /** What expressions call it: `steps.<id>`; unique in the runbook. */
  readonly id: string;
  readonly label: string;
  readonly uses: string;
  /**
   * step: runs when its needs are done. case: like step, when the owner branched to `branch`. rescue: when the owner
   * failed. finally: when the owner (a step, or the phase) ended in any way. compensate: only in a rollback, when the
   * owner had started. rollback: only in a rollback, after the compensations.
   */
  readonly role: 'step' | 'case' | 'rescue' | 'finally' | 'compensate' | 'rollback';
  /** Path of the node, or id of the phase, that it belongs to; absent for `step`. */
  readonly owner?: string;
  readonly branch?: string;
  /** Paths. Within a phase; the phase before is implied. */
  readonly needs: readonly string[];
  /** As written, expressions included. */
  readonly with: JsonObject;
  readonly if?: string;
  readonly foreach?: Json;
  readonly maxParallel?: number;
  readonly failFast: boolean;
  readonly hosts?: HostRule;
  readonly retry: RetryRule;
  /** Longest time of one attempt; 0 is no limit (nodes that wait). */
  readonly timeoutMs: number;
  readonly heartbeatMs?: number;
  readonly deadlineMs?: number;
  readonly onFailure: 'fail' | 'continue' | 'rollback' | 'pause';
  readonly idempotency: Idempotency;
  readonly mutates: boolean;
  readonly trigger: RollbackTrigger;
  readonly pointOfNoReturn: boolean;
  /** Compensations only. `early`: gives back what the old side needs before traffic returns to it (owner is in a decommission phase). */
  readonly order?: 'early' | 'traffic' | 'normal';
  /** Compensations only: not written in the runbook, the kind knows its own undo. */
  readonly implied?: boolean;
  /** Path of another node's compensation that undoes this node too (the same traffic move, kept once per phase). */
  readonly undoneBy?: string;
  readonly source: { readonly file: string; readonly line: number };
}

export interface PlanWatch {
  readonly path: string;
  readonly uses: string;
  readonly with: JsonObject;
  readonly hosts?: HostRule;
  readonly intervalMs: number;
  readonly initialDelayMs: number;
  readonly timeoutMs: number;
  readonly failureLimit: number;
}
export interface PlanPhase {
  readonly id: string;
  readonly type: 'prepare' | 'provision' | 'dualRun' | 'cutover' | 'decommission' | 'custom';
  readonly environment?: string;
  readonly if?: string;
  readonly timeoutMs?: number;
  readonly onOverrun: 'finish' | 'pause' | 'rollback';
  readonly window?: readonly WindowSpan[];
  readonly watch: readonly PlanWatch[];
  /** Paths of the role `step` nodes, in the order of the file. */
  readonly nodes: readonly string[];
  /** The same paths in waves; the steps of one wave may run at the same time. */
  readonly waves: readonly (readonly string[])[];
}
/** One opening of a change window, milliseconds since the epoch. */
export interface WindowSpan {
  readonly from: number;
  readonly to: number;
}

/** What the engine needs to drive a run: no clock, no secret, no host outside `hosts`. */
export interface PlanGraph {
  readonly runbook: string;
  readonly metadata: JsonObject;
  readonly phases: readonly PlanPhase[];
  readonly nodes: { readonly [path: string]: PlanNode };
  readonly hosts: { readonly [name: string]: PlannedHost };
  readonly concurrency?: { readonly group: string; readonly queue: 'fifo' | 'latest'; readonly max: number };
  readonly sla: readonly {
    readonly id: string;
    readonly phase?: string;
    readonly durationMs: number;
    readonly behavior: 'fail' | 'cancel' | 'rollback' | 'none';
  }[];
  readonly rollback: { readonly on: readonly RollbackTrigger[]; readonly budgetMs: number; readonly git: 'pullRequest' | 'none' };
  /** What expressions call `environment`, by name of the environment: a node sees that of its phase, or `{}`. */
  readonly environment: JsonObject;
  readonly outputs: JsonObject;
  /** Who is told of what: as the runbook says, and as the environments of its phases do. */
  readonly notifications?: readonly PlannedSubscription[];
  /** What sets right what a compliance scan of this runbook finds; drift is judged by what the default branch says. */
  readonly remediation?: PlannedRemediation;
  /** Runbooks reachable through runbook.call, by name, planned with this plan. */
  readonly calls: { readonly [runbook: string]: PlanGraph };
}
/** `environment` is the one that says it; absent for the runbook itself. */
export type PlannedSubscription = Subscription & { readonly environment?: string };
export interface PlannedRemediation {
  readonly runbook: string;
  readonly inputs: JsonObject;
  readonly start: NonNullable<Remediation['start']>;
}
/** A host without credentials: those are looked up again from the inventory when the run connects. */
export type PlannedHost = Omit<Host, 'login' | 'jump'> & { readonly jump: readonly string[] };

/** Inputs after defaults; a secret one is only named. */
export interface PlanInputs {
  readonly values: JsonObject;
  readonly secrets: readonly string[];
}

/** Everything the digest binds (DESIGN 4.4). */
export interface PlanBundle {
  readonly version: 1;
  readonly digest: Digest;
  readonly body: PlanBody;
}
export interface PlanBody {
  readonly runbook: { readonly name: string; readonly file: string; readonly digest: Digest };
  /** `tree` is the digest over every file of the checkout, so that a plan of uncommitted files binds them too. */
  readonly commit: { readonly head: string; readonly base?: string; readonly dirty: boolean; readonly tree: Digest };
  readonly inputs: PlanInputs;
  readonly graph: PlanGraph;
  readonly previews: { readonly [path: string]: Preview };
  readonly stacks: { readonly [stack: string]: { readonly stateDigest: Digest; readonly configDigest: Digest } };
  readonly policies: { readonly digest: Digest; readonly names: readonly string[] };
  readonly inventory: Digest;
  readonly environments: Digest;
  readonly tools: { readonly slipway: string; readonly pulumi: string; readonly opa: string };
  readonly rehearsal: boolean;
  readonly cost?: { readonly monthly?: number; readonly once?: number };
  /** ISO 8601; the plan is stale afterwards. */
  readonly expires: string;
  readonly verdict: PlanVerdict;
}
export interface PlanVerdict {
  readonly decision: 'allow' | 'softDeny' | 'deny';
  readonly findings: readonly Finding[];
}
export interface Finding {
  readonly level: 'deny' | 'soft' | 'warn';
  /** `<package>.<rule>`. */
  readonly rule: string;
  readonly msg: string;
  /** Path of the node or stack resource it is about. */
  readonly at?: string;
  /** Digest of rule, at and msg; an override names it. */
  readonly id: Digest;
  readonly hint?: string;
}
