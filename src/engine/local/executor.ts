import { type Clock, type Masker, type SlipwayError, SlipwayError as Failure } from '../../core/index.ts';
import type { HostRule } from '../../plan/index.ts';
import type { AnyKind, Host, Outputs, Ports, ProbeResult, StepContext } from '../../steps/index.ts';
import type { KindOf } from '../decide/context.ts';
import type { HostResult, StepResult } from '../events.ts';
import type { Json, JsonObject } from '../../core/index.ts';
import { settleWithin, startAttempt } from './attempt.ts';
import type { ChainSpread } from './chain.ts';
import { resultOf } from './failure.ts';
import { type LargeStore, withLarge, withoutLarge } from './large.ts';
import { runOnHosts } from './on-hosts.ts';
import { type HostVerdict, lookingWhenLost, probeHosts } from './probe-hosts.ts';
import type { Output } from './output.ts';
import { sealDeep, unsealDeep, type Vault } from './secrets.ts';

/** One attempt of one task, ready to run. */
export interface TaskRun {
  readonly path: string;
  readonly attempt: number;
  readonly uses: string;
  readonly with: JsonObject;
  readonly key: string;
  readonly timeoutMs: number;
  readonly heartbeatMs?: number;
  readonly hosts?: HostRule;
  readonly ledger: { readonly [host: string]: Json };
  /** Only these hosts may begin. */
  readonly only?: readonly string[];
  /** Whether a command whose end was not seen may be repeated. */
  readonly repeatable: boolean;
  /** Whether a look tells if a command whose end was not seen took effect. */
  readonly probes?: boolean;
}
export interface TaskControl {
  readonly signal: AbortSignal;
  /** Resolves once the intent is durable. */
  readonly hostStarted: (host: string) => Promise<void>;
  readonly hostFinished: (host: string, result: HostResult) => Promise<void>;
  /** What a look at a host in doubt found. */
  readonly hostProbed: (host: string, verdict: HostVerdict) => Promise<void>;
  /** Aborts when the run is handed over: no further host begins. */
  readonly drain?: AbortSignal;
  /** Its hosts come from the step before and go on to the next one. Then the time limit of an attempt holds for each host. */
  readonly chain?: (rule: HostRule, known: ReadonlyMap<string, HostResult>) => ChainSpread;
  readonly log: (line: { readonly text: string; readonly stream: 'stdout' | 'stderr'; readonly host?: string }) => void;
  /** Keeps what a stream says, however long it gets. Masked before it comes here; without this, it comes line by line to `log`. */
  readonly output?: (of: { readonly host: string; readonly stream: 'stdout' | 'stderr' }) => Output;
}
/** Runs effects; never throws. */
export interface Executor {
  execute(task: TaskRun, control: TaskControl): Promise<StepResult>;
  probe(
    task: TaskRun,
    control: TaskControl,
  ): Promise<{ readonly verdict: 'done' | 'notDone' | 'unknown'; readonly result?: StepResult; readonly reason?: string }>;
}
export interface ExecutorOptions {
  readonly runId: string;
  readonly kindOf: KindOf;
  readonly ports: Ports;
  /** A host with what is needed to log in. */
  readonly host: (name: string) => Host;
  readonly clock: Clock;
  readonly masker: Masker;
  readonly vault: Vault & LargeStore;
  /** Absolute path of the files the run uses. */
  readonly checkout: string;
  readonly rehearsal: boolean;
  /** Failures a rehearsal was asked for. */
  readonly fault?: (path: string) => SlipwayError | undefined;
  /** Time an aborted effect has to end, in milliseconds. */
  readonly graceMs?: number;
}
const GRACE_MS = 60_000;

export function createExecutor(options: ExecutorOptions): Executor {
  return {
    execute: async (task, given) => {
      const control = masked(given, options.masker);
      const timeoutMs = control.chain ? 0 : task.timeoutMs;
      using attempt = startAttempt({ clock: options.clock, signal: control.signal, timeoutMs, heartbeatMs: task.heartbeatMs });
      try {
        const kind = kindFor(task, options);
        const fault = options.fault?.(task.path);
        if (fault) throw fault;
        attempt.signal.throwIfAborted();
        const input = await inputOf(kind, task, options);
        const context = contextOf(task, { ...control, signal: attempt.signal }, { options, heartbeat: attempt.heartbeat });
        return await settleWithin(perform(kind, input, { task, context, control, options }), attempt.signal, options.graceMs ?? GRACE_MS);
      } catch (cause) {
        return resultOf(cause, attempt.signal, options.masker);
      }
    },
    probe: async (task, given) => {
      const control = masked(given, options.masker);
      using attempt = startAttempt({ clock: options.clock, signal: control.signal, timeoutMs: task.timeoutMs });
      const kind = options.kindOf(task.uses);
      try {
        const context = contextOf(task, { ...control, signal: attempt.signal }, { options, heartbeat: attempt.heartbeat });
        return await look(kind, { task, context, control, options });
      } catch (cause) {
        const { error } = resultOf(cause, attempt.signal, options.masker) as Extract<StepResult, { error: object }>; // only ever a failure
        return { verdict: 'unknown', reason: error.message };
      }
    },
  };
}

async function look(kind: AnyKind | undefined, performance: Performance): ReturnType<Executor['probe']> {
  const { task, context, options } = performance;
  if (kind?.target === 'hosts' && kind.probeHost) {
    const { probeHost } = kind;
    const input = await inputOf(kind, task, options);
    return probeHosts({ ...performance, probeHost: (hostContext) => probeHost(input, hostContext) });
  }
  if (!kind || !('probe' in kind) || !kind.probe) return { verdict: 'unknown', reason: `${task.uses} cannot look` };
  const result: ProbeResult = await kind.probe(await inputOf(kind, task, options), context);
  if (result.verdict === 'unknown') return { ...result, reason: options.masker.mask(result.reason) };
  if (result.verdict !== 'done') return result;
  return { verdict: 'done', result: { state: result.outcome.status, outputs: await storable(result.outcome.outputs, options) } };
}

/** What steps print is stored and shown: no line leaves here with a secret in it. */
function masked(control: TaskControl, masker: Masker): TaskControl {
  return { ...control, log: (line) => control.log({ ...line, text: masker.mask(line.text) }) };
}

function kindFor({ uses }: TaskRun, { kindOf }: ExecutorOptions): AnyKind {
  const kind = kindOf(uses);
  if (!kind)
    throw new Failure('UNKNOWN_KIND', `this slipway has no kind of step "${uses}"`, {
      hint: 'was the run started by a newer slipway?',
      retry: 'pauseForHuman',
    });
  return kind;
}

/** `with` as the kind wants it: secrets and large values opened, shape checked, defaults filled in. */
async function inputOf(kind: AnyKind, task: TaskRun, { vault, masker }: ExecutorOptions): Promise<never> {
  const parsed = kind.with.safeParse(await unsealDeep(await withLarge(task.with, vault), vault, masker));
  if (parsed.success) return parsed.data as never; // the registry has forgotten the shape; the kind's own schema has just checked it
  const issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] = parsed.error.issues;
  const all = issues.map(({ path, message }) => `with.${path.map(String).join('.')}: ${message}`).join('; ');
  throw new Failure('BAD_INPUT', all, { hint: 'a value that an earlier step gave does not fit; see the outputs of that step' });
}

function contextOf(
  task: TaskRun,
  control: TaskControl,
  { options, heartbeat }: { readonly options: ExecutorOptions; readonly heartbeat: () => void },
): StepContext {
  const { runId, ports, rehearsal, checkout } = options;
  const { path, attempt, key } = task;
  const log: StepContext['log'] = (text, stream = 'stdout') => {
    heartbeat();
    control.log({ text, stream });
  };
  return { runId, path, attempt, idempotencyKey: key, signal: control.signal, ports, rehearsal, checkout, heartbeat, log };
}

interface Performance {
  readonly task: TaskRun;
  readonly context: StepContext;
  readonly control: TaskControl;
  readonly options: ExecutorOptions;
}

async function perform(kind: AnyKind, input: never, { task, context, control, options }: Performance): Promise<StepResult> {
  if (kind.target === 'control') throw new Failure('NOT_AN_EFFECT', `${task.uses} only waits and cannot be executed`);
  if (kind.target === 'hosts') {
    return runOnHosts({ task, context, control, options, runHost: lookingWhenLost(kind, input, task) });
  }
  const { status, outputs, summary } = await kind.execute(input, context);
  return {
    state: status,
    outputs: await storable(outputs, options),
    ...(summary === undefined ? {} : { summary: options.masker.mask(summary) }),
  };
}

/** Outputs as they may be recorded: no secret, nothing large. */
async function storable(outputs: Outputs, options: ExecutorOptions): Promise<JsonObject> {
  return withoutLarge(await sealDeep(outputs, options.runId, options), options.runId, options.vault);
}
