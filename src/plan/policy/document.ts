import type { Digest, Json, JsonObject } from '../../core/index.ts';
import type { Idempotency, StackOp } from '../../steps/index.ts';
import type { RollbackTrigger } from '../../runbook/index.ts';
import type { PlanNode, PlanPhase } from '../types.ts';

/**
 * The document that policies judge: `input` in Rego. docs/policy-input.md explains every member and has an example.
 * Times are RFC 3339 in UTC, lengths of time are seconds, and a member that is not set is absent.
 */
export interface PolicyInput {
  readonly version: 1;
  readonly now: string;
  readonly rehearsal: boolean;
  readonly actor: PolicyActor;
  /** Authors and committers of the change, as `user:<name>`. */
  readonly authors: readonly string[];
  readonly commit: { readonly head: string; readonly base?: string; readonly dirty: boolean; readonly tree: Digest };
  readonly runbook: PolicyRunbook;
  readonly inputs: { readonly values: JsonObject; readonly secrets: readonly string[] };
  readonly phases: readonly PolicyPhase[];
  /** Every node of the graph in run order, nested ones after their owner. */
  readonly steps: readonly PolicyStep[];
  readonly stacks: readonly PolicyStack[];
  /** Systems outside that steps and watches ask for numbers. */
  readonly metricSources: readonly PolicyMetricSource[];
  readonly hosts: readonly PolicyHost[];
  readonly environments: { readonly [name: string]: PolicyEnvironment };
  readonly cost: { readonly monthly?: number; readonly once?: number };
  readonly blastRadius: BlastRadius;
  readonly rollback: PolicyRollback;
  readonly sla: readonly { readonly id: string; readonly phase?: string; readonly durationSeconds: number; readonly behavior: string }[];
  readonly calls: readonly string[];
}
export interface PolicyActor {
  readonly name: string;
  readonly teams: readonly string[];
}
export interface PolicyRunbook {
  readonly name: string;
  readonly file: string;
  readonly digest: Digest;
  readonly owner?: string;
  readonly tier?: number;
  readonly description?: string;
  readonly labels: { readonly [name: string]: string };
}
export interface PolicyPhase {
  readonly id: string;
  readonly type: PlanPhase['type'];
  /** From 0. */
  readonly index: number;
  readonly environment?: string;
  readonly production: boolean;
  /** As written: the phase may be skipped. */
  readonly if?: string;
  readonly steps: readonly string[];
  readonly waves: readonly (readonly string[])[];
  readonly hosts: readonly string[];
  readonly mutates: boolean;
  readonly approval?: PolicyApproval;
  readonly window?: PolicyWindow;
  readonly analysis?: JsonObject;
  readonly pointOfNoReturn?: string;
  readonly timeoutSeconds?: number;
  readonly watches: readonly {
    readonly path: string;
    readonly uses: string;
    readonly with: JsonObject;
    readonly intervalSeconds: number;
    readonly failureLimit: number;
  }[];
}
export interface PolicyApproval {
  readonly path: string;
  readonly approvers: readonly string[];
  readonly required: number;
  readonly perGroup: number;
  readonly preventSelfApproval: boolean;
  readonly timeoutSeconds?: number;
  readonly onTimeout: string;
}
export interface PolicyWindow {
  readonly onOverrun: PlanPhase['onOverrun'];
  readonly openNow: boolean;
  /** The opening that is going on, or the next one. */
  readonly next?: { readonly from: string; readonly to: string };
  readonly openings: number;
}
export interface PolicyStep {
  readonly path: string;
  readonly phase: string;
  readonly phaseType: PlanPhase['type'];
  readonly environment?: string;
  readonly production: boolean;
  readonly id: string;
  readonly label: string;
  readonly uses: string;
  readonly role: PlanNode['role'];
  readonly owner?: string;
  readonly needs: readonly string[];
  readonly with: JsonObject;
  /** False when `with` still holds expressions that only the run can fill in. */
  readonly known: boolean;
  readonly if?: string;
  readonly foreach?: Json;
  readonly mutates: boolean;
  readonly idempotency: Idempotency;
  readonly onFailure: PlanNode['onFailure'];
  readonly trigger: RollbackTrigger;
  readonly attempts: number;
  readonly timeoutSeconds: number;
  readonly pointOfNoReturn: boolean;
  readonly hosts?: PolicyHostRule;
  readonly compensations: readonly PolicyCompensation[];
  readonly rescues: number;
  readonly source: { readonly file: string; readonly line: number };
}
export interface PolicyCompensation {
  readonly path: string;
  readonly uses: string;
  readonly with: JsonObject;
  readonly order: 'early' | 'traffic' | 'normal';
  /** Not written in the runbook: the kind of step knows its own undo. */
  readonly implied: boolean;
}
export interface PolicyHostRule {
  readonly pattern: string;
  readonly names: readonly string[];
  readonly count: number;
  readonly serial: PlanHostCounts;
  /** Hosts in the largest batch. */
  readonly largestBatch: number;
  readonly strategy: string;
  readonly maxFailPercentage?: number;
  readonly anyErrorsFatal: boolean;
  readonly runOnce: boolean;
  readonly become?: { readonly user?: string; readonly method?: string };
  readonly guarded: boolean;
  /** Shell text that says whether a host is done already. */
  readonly unless?: string;
}
export type PlanHostCounts = readonly (number | { readonly fraction: number })[];
export interface PolicyStack {
  readonly path: string;
  readonly phase: string;
  readonly phaseType: PlanPhase['type'];
  readonly environment?: string;
  readonly production: boolean;
  readonly stack: string;
  readonly program: string;
  readonly name: string;
  readonly operation: 'up' | 'destroy' | 'refresh' | 'import';
  /** True when some inputs are only known in the run, so that the real change may differ. */
  readonly approximate: boolean;
  readonly counts: { readonly [op in StackOp]?: number };
  readonly changes: readonly PolicyChange[];
  readonly warnings: readonly string[];
}
export interface PolicyChange {
  readonly op: StackOp;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly properties: readonly string[];
  readonly facts: JsonObject;
}
export interface PolicyMetricSource {
  /** Step or watch that asks. */
  readonly path: string;
  readonly phase: string;
  readonly production: boolean;
  /** Name among the metricSources of the environment; of the host for a command. */
  readonly name: string;
  readonly type: 'prometheus' | 'http' | 'cloudWatch' | 'azureMonitor' | 'command';
  /** URL, or region of a cloud. */
  readonly address?: string;
  readonly authenticated: boolean;
  /** Shell text of a command. */
  readonly cmd?: string;
}
export interface PolicyHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly zone?: string;
  readonly groups: readonly string[];
  readonly vars: JsonObject;
  readonly jump: readonly string[];
  readonly pinnedHostKeys: number;
  /** What runs commands there. */
  readonly shell: 'posix' | 'powershell';
  /** Weak algorithms it may use. */
  readonly legacy: readonly string[];
  /** What it said of itself when the plan was made; absent when nobody asked. */
  readonly facts?: JsonObject;
}
export interface PolicyEnvironment {
  readonly name: string;
  readonly production: boolean;
  readonly zones: readonly { readonly name: string; readonly provider: string; readonly regions: readonly string[] }[];
  readonly costCeiling?: number;
  readonly hasApproval: boolean;
  readonly hasWindow: boolean;
}
/** How much one run can touch. */
export interface BlastRadius {
  readonly hosts: number;
  readonly stacks: number;
  readonly resources: { readonly create: number; readonly update: number; readonly replace: number; readonly delete: number; readonly import: number };
  readonly mutatingSteps: number;
  /** Mutating steps of the role `step` or `case` that nothing would undo. */
  readonly irreversibleSteps: number;
  readonly environments: readonly string[];
  readonly zones: readonly string[];
}
export interface PolicyRollback {
  readonly on: readonly RollbackTrigger[];
  readonly budgetSeconds: number;
  readonly git: 'pullRequest' | 'none';
  /** Compensations and rollback steps of the whole plan. */
  readonly steps: number;
  readonly pointOfNoReturn?: string;
}
