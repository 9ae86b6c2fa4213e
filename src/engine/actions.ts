import type { Json, JsonObject } from '../core/pure.ts';
import type { EventBody } from './events.ts';
import type { HostRule, PlanWatch } from '../plan/index.ts';

/**
 * What should be going on now. `decide` is level-triggered: it says the same again until an event changes the state, and
 * the driver starts only what is not in flight yet (same `path` and `attempt`, same timer, same watch).
 */
export type Action =
  /** A transition without effect: append it and decide again. */
  | { readonly type: 'record'; readonly event: EventBody }
  | StartAction
  | {
      readonly type: 'probe';
      readonly path: string;
      readonly node: string;
      readonly attempt: number;
      readonly uses: string;
      readonly with: JsonObject;
      readonly key: string;
      readonly timeoutMs: number;
      readonly scope: 'run' | 'cleanup';
      /** Of a step on hosts: those in doubt in the ledger are looked at. */
      readonly hosts?: HostRule;
      readonly ledger?: { readonly [host: string]: Json };
    }
  /** Abort an attempt in flight, or end a called run; it still ends with a `stepFinished`, as timed out when a time limit is the reason. */
  | { readonly type: 'cancel'; readonly path: string; readonly attempt: number; readonly reason: string; readonly isTimeout?: boolean }
  /** Decide again at this time (milliseconds since the epoch). */
  | { readonly type: 'timer'; readonly timer: string; readonly at: number }
  | { readonly type: 'watch'; readonly watch: PlanWatch; readonly with: JsonObject }
  | { readonly type: 'call'; readonly path: string; readonly attempt: number; readonly runbook: string; readonly inputs: JsonObject };

export interface StartAction {
  readonly type: 'start';
  readonly path: string;
  /** Path of its node in the plan. */
  readonly node: string;
  readonly attempt: number;
  readonly uses: string;
  /** Evaluated; secrets are still sealed references. */
  readonly with: JsonObject;
  readonly key: string;
  readonly timeoutMs: number;
  readonly heartbeatMs?: number;
  readonly hosts?: HostRule;
  /** Host results of this task so far (`HostResult`, or "inDoubt"): only hosts that are not in here, or in doubt and safe to repeat, are started. */
  readonly ledger: { readonly [host: string]: Json };
  /** Only these hosts may begin. */
  readonly only?: readonly string[];
  /** Paths of the chain it belongs to, itself among them: hosts go from one step to the next at their own pace. */
  readonly chain?: readonly string[];
  /** Compensations and finally run under their own signal and budget, also after a cancel. */
  readonly scope: 'run' | 'cleanup';
}
