import type { z } from 'zod';
import type { Digest, Json, JsonObject, Secret } from '../core/index.ts';
import type { Host } from './host.ts';
import type { Ports, StackPreview } from './ports.ts';

/** What happens to an attempt that was in flight when the process died: rerun; rerun with the same key; look first; stop and ask. */
export const IDEMPOTENCY = ['safe', 'keyed', 'probe', 'manual'] as const;
export type Idempotency = (typeof IDEMPOTENCY)[number];

/** Values a step hands to later steps; Secrets are sealed before anything is stored. */
export interface Outputs {
  readonly [name: string]: Json | Secret | Outputs;
}
export interface StepOutcome {
  readonly status: 'ok' | 'changed';
  readonly outputs: Outputs;
  /** One line for people: `12 created, 1 updated`. */
  readonly summary?: string;
}
export interface HostOutcome {
  readonly status: 'ok' | 'changed' | 'skipped';
  readonly outputs: Outputs;
  readonly summary?: string;
}

export interface StepContext {
  readonly runId: string;
  /** Address of the task: `provision/net`, `provision/stacks[2]`. */
  readonly path: string;
  readonly attempt: number;
  /** The same for every attempt of one task of one run; hand it to systems that deduplicate. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  readonly ports: Ports;
  readonly rehearsal: boolean;
  /** Absolute path of the checkout at the planned commit: stacks/, files/, scripts. */
  readonly checkout: string;
  readonly heartbeat: () => void;
  readonly log: (line: string, stream?: 'stdout' | 'stderr') => void;
}
export interface HostContext extends StepContext {
  readonly host: Host;
  /** Keys a host step has beside `with`. */
  readonly options: HostOptions;
  /** Pass on output as it comes, in whatever pieces: it is masked, put together to lines and kept, however long it gets. */
  readonly output?: (piece: string, stream?: 'stdout' | 'stderr') => void;
}
export interface HostOptions {
  readonly become?: { readonly user: string; readonly method: 'sudo' | 'su' | 'doas'; readonly password?: Secret };
  /** Skip when this path exists. */
  readonly creates?: string;
  /** Skip when this command succeeds. */
  readonly unless?: string;
  /** Time left for this attempt, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a plan shows of a step before it runs. */
export type Preview =
  | {
      readonly type: 'stack';
      readonly stack: string;
      readonly operation: 'up' | 'destroy' | 'refresh' | 'import';
      readonly stateDigest: Digest;
      readonly preview: StackPreview;
    }
  | { readonly type: 'hosts'; readonly hosts: readonly HostCheck[] }
  | { readonly type: 'note'; readonly text: string };
export interface HostCheck {
  readonly host: string;
  readonly verdict: 'wouldChange' | 'ok' | 'wouldRun' | 'unreachable' | 'unknown';
  /** Unified diff or one line; masked, no secret. */
  readonly detail?: string;
  /** What the host says of itself, as far as it lasts; policies see it. */
  readonly facts?: JsonObject;
}
export interface PreviewContext {
  readonly ports: Ports;
  readonly checkout: string;
  readonly signal: AbortSignal;
  readonly hosts: readonly Host[];
  readonly options: HostOptions;
  /** True when some value in `with` is only known after earlier steps; those are `(known after apply)`. */
  readonly approximate: boolean;
}

/** What a waiting step waits for; computed by a pure function. Times are milliseconds since the epoch. */
export type Wait =
  | { readonly type: 'timer'; readonly until: number }
  | { readonly type: 'signal'; readonly name: string; readonly deadline?: number }
  | { readonly type: 'gate'; readonly gate: Gate }
  | { readonly type: 'call'; readonly runbook: string; readonly inputs: { readonly [name: string]: Json } }
  | { readonly type: 'branch'; readonly branch: string };
/** An approval or a hand-off. Votes bind to the plan digest. */
export interface Gate {
  readonly approvers: readonly string[];
  readonly required: number;
  readonly perGroup: number;
  readonly preventSelfApproval: boolean;
  readonly deadline?: number;
  readonly onTimeout: 'deny' | 'rollback' | 'escalate';
  readonly message: string;
  /** `done` instead of `approve` for a manual task. */
  readonly verb: 'approve' | 'done';
}

/**
 * A kind of step: one value that carries its words, shapes and action. `uses` in a runbook names it.
 * Shapes of `with` and `outputs` are strict zod objects; the type system, editor completion and docs derive from them.
 */
export type StepKind<W extends z.ZodObject = z.ZodObject, O extends z.ZodObject = z.ZodObject> = KindWords<W, O> & KindAction<W>;

interface KindWords<W extends z.ZodObject, O extends z.ZodObject> {
  readonly uses: string;
  readonly summary: string;
  readonly with: W;
  readonly outputs: O;
  readonly example: z.input<W>;
  /** Does it change anything outside? Policies forbid such kinds in `prepare`. */
  readonly mutates: boolean;
  /** Asks metric sources: a plan adds those of the phase's environment that it names as the setting `sources`. */
  readonly takesSources?: true;
  /** A failing step of this kind is this rollback trigger; `stepFailed` unless told. */
  readonly failureTrigger?: 'analysisFailed' | 'healthFailed' | 'stepFailed';
  readonly describe: (input: z.output<W>) => string;
}
type KindAction<W extends z.ZodObject> = StepAction<W> | HostAction<W> | ControlAction<W>;
interface StepAction<W extends z.ZodObject> {
  readonly target: 'none' | 'stack';
  readonly idempotency: Idempotency;
  readonly execute: (input: z.output<W>, context: StepContext) => Promise<StepOutcome>;
  /** Look whether an attempt that was in flight took effect; used for `idempotency: probe`. */
  readonly probe?: (input: z.output<W>, context: StepContext) => Promise<ProbeResult>;
  readonly preview?: (input: z.output<W>, context: PreviewContext) => Promise<Preview>;
  /** The step that undoes this one when the runbook declares no `compensate`. */
  readonly undo?: (input: z.output<W>) => Undo;
}
interface HostAction<W extends z.ZodObject> {
  readonly target: 'hosts';
  readonly idempotency: Idempotency;
  /** Its outputs say what a host is: expressions read them as `facts["<host>"]`. */
  readonly describesHosts?: true;
  /** Called once per host; fan-out, batches and stop rules belong to the engine. */
  readonly executeHost: (input: z.output<W>, context: HostContext) => Promise<HostOutcome>;
  /** Look whether an attempt that was in flight took effect on this host; used for `idempotency: probe`. */
  readonly probeHost?: (input: z.output<W>, context: HostContext) => Promise<HostProbe>;
  readonly preview?: (input: z.output<W>, context: PreviewContext) => Promise<Preview>;
  /** The step that undoes this one, on the same hosts, when the runbook declares no `compensate`. */
  readonly undo?: (input: z.output<W>) => Undo;
}
interface ControlAction<W extends z.ZodObject> {
  readonly target: 'control';
  readonly wait: (input: z.output<W>, now: number) => Wait;
}
export type ProbeResult =
  { readonly verdict: 'done'; readonly outcome: StepOutcome } | { readonly verdict: 'notDone' } | { readonly verdict: 'unknown'; readonly reason: string };
export type HostProbe =
  { readonly verdict: 'done'; readonly outcome: HostOutcome } | { readonly verdict: 'notDone' } | { readonly verdict: 'unknown'; readonly reason: string };
/** `traffic` undos run before all others in a rollback. */
export interface Undo {
  readonly uses: string;
  readonly with: { readonly [name: string]: Json };
  readonly first: 'traffic' | 'no';
}

/** A kind with its shapes forgotten, as the registry hands it out; `with` must have been parsed by its own schema. */
// eslint-disable-next-line typescript/no-explicit-any -- existential type: each kind's input type is known only to itself
export type AnyKind = StepKind<any, any>;

/** Keep the inferred types of a kind. */
export function defineStep<const W extends z.ZodObject, const O extends z.ZodObject>(kind: StepKind<W, O>): StepKind<W, O> {
  return kind;
}
