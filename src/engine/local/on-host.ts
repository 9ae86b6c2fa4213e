import { type JsonObject, Secret } from '../../core/index.ts';
import { evaluateDeep } from '../../expr/index.ts';
import type { HostRule } from '../../plan/index.ts';
import type { HostContext, HostOptions, HostOutcome, StepContext } from '../../steps/index.ts';
import type { HostResult, StepFailure } from '../events.ts';
import type { ExecutorOptions, TaskControl, TaskRun } from './executor.ts';
import { failureOf } from './failure.ts';
import { createHostOutput } from './host-output.ts';
import { withoutLarge } from './large.ts';
import { type Opened, sealDeep, unsealDeep } from './secrets.ts';

/** A step that acts on hosts, with all that an attempt on one of them needs. */
export interface OnHosts {
  readonly task: TaskRun;
  readonly context: StepContext;
  readonly control: TaskControl;
  readonly options: ExecutorOptions;
  readonly runHost: (context: HostContext) => Promise<HostOutcome>;
}

/** Nothing was started on the host when one of these is the reason. */
const UNREACHABLE: ReadonlySet<string> = new Set(['SSH_UNREACHABLE', 'SSH_AUTH', 'SSH_HOST_KEY', 'SSH_ALGORITHM', 'LOGIN_MISSING']);
/** A connection that breaks under a command again and again is the host's own trouble. */
const MOST_LOSSES = 3;

/**
 * One host of a step: the intent, the effect, and what came of it. When the connection broke under a command that may be repeated, or that a look
 * found not done, it is begun again over a new connection: with an intent of its own each time.
 */
export async function attemptOn(host: string, spread: OnHosts, rule: HostRule): Promise<Omit<HostResult, 'durationMs'>> {
  for (let losses = 1; ; losses++) {
    await spread.control.hostStarted(host);
    const result = await attemptOnce(host, spread, rule);
    const code = result.error?.code;
    const mayRepeat = (code === 'SSH_LOST' && spread.task.repeatable) || code === 'SSH_NOT_DONE';
    if (!mayRepeat || losses === MOST_LOSSES || spread.context.signal.aborted) return result;
  }
}

async function attemptOnce(host: string, spread: OnHosts, rule: HostRule): Promise<Omit<HostResult, 'durationMs'>> {
  const { task, context, control, options, runHost } = spread;
  const output = createHostOutput(host, options.masker, control);
  try {
    const hostContext: HostContext = {
      ...context,
      host: options.host(host),
      options: await hostOptions(rule, task, options),
      log: (text, stream = 'stdout') => {
        context.heartbeat();
        control.log({ text, stream, host });
      },
      output: (piece, stream = 'stdout') => {
        context.heartbeat();
        output.push(piece, stream);
      },
    };
    const outcome = await runHost(hostContext);
    return await judged(outcome, rule, { host, options, inputs: task.with });
  } catch (cause) {
    const error = failureOf(cause, options.masker);
    if (UNREACHABLE.has(error.code)) return { state: 'unreachable', error };
    return error.code === 'SSH_LOST' ? lost(error, task.repeatable) : { state: 'failed', error };
  } finally {
    output.end();
  }
}

/** The connection broke after the command had begun: repeat only what may be repeated. */
function lost(error: StepFailure, repeatable: boolean): Omit<HostResult, 'durationMs'> {
  if (repeatable) return { state: 'failed', inDoubt: true, error: { ...error, retry: 'afterBackoff' } };
  const hint = 'whether the command took effect is not known; look on the host, or declare the step "idempotency: safe"';
  return { state: 'failed', inDoubt: true, error: { ...error, retry: 'pauseForHuman', hint } };
}

export async function hostOptions({ become, creates, unless }: HostRule, task: TaskRun, { vault, masker }: ExecutorOptions): Promise<HostOptions> {
  const opened = become === undefined ? undefined : await unsealDeep(become, vault, masker);
  return {
    timeoutMs: task.timeoutMs,
    ...(creates === undefined ? {} : { creates }),
    ...(unless === undefined ? {} : { unless }),
    ...(opened === undefined ? {} : { become: becomeOf(opened) }),
  };
}

function becomeOf(opened: Opened): NonNullable<HostOptions['become']> {
  const { user, method, password } =
    typeof opened === 'object' && opened !== null && !(opened instanceof Secret) && !Array.isArray(opened)
      ? (opened as { readonly [key: string]: Opened })
      : {};
  const how = method === 'su' || method === 'doas' ? method : 'sudo';
  const secret = typeof password === 'string' ? new Secret(password) : password;
  return { user: typeof user === 'string' ? user : 'root', method: how, ...(secret instanceof Secret ? { password: secret } : {}) };
}

/** `changedWhen` and `failedWhen` see `result` and `host`. */
export async function judged(
  outcome: HostOutcome,
  { changedWhen, failedWhen }: HostRule,
  { host, options, inputs }: { readonly host: string; readonly options: ExecutorOptions; readonly inputs: JsonObject },
): Promise<Omit<HostResult, 'durationMs'>> {
  const outputs = await sealDeep(outcome.outputs, options.runId, options);
  const scope = { result: outputs, host: { name: host }, inputs };
  const rest = {
    outputs: await withoutLarge(outputs, options.runId, options.vault),
    ...(outcome.summary === undefined ? {} : { summary: options.masker.mask(outcome.summary) }),
  };
  if (outcome.status === 'skipped') return { state: 'skipped', ...rest };
  if (failedWhen !== undefined && evaluateDeep(failedWhen, scope) === true) {
    return { state: 'failed', ...rest, error: { code: 'FAILED_WHEN', message: `failedWhen is true: ${failedWhen}`, retry: 'never' } };
  }
  if (changedWhen === undefined) return { state: outcome.status, ...rest };
  return { state: evaluateDeep(changedWhen, scope) === true ? 'changed' : 'ok', ...rest };
}
