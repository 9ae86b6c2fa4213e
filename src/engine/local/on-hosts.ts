import { isObject, type JsonObject, Secret, SlipwayError } from '../../core/index.ts';
import { evaluateDeep } from '../../expr/index.ts';
import type { HostRule } from '../../plan/index.ts';
import { HOST_STATES, type HostContext, type HostOptions, type HostOutcome, type StepContext } from '../../steps/index.ts';
import type { HostResult, StepFailure, StepResult } from '../events.ts';
import { batchesOf, isBad, isTolerable, nextHosts } from '../fan-out.ts';
import type { ExecutorOptions, TaskControl, TaskRun } from './executor.ts';
import { failureOf } from './failure.ts';
import { type Opened, sealDeep, unsealDeep } from './secrets.ts';

export interface OnHosts {
  readonly task: TaskRun;
  readonly context: StepContext;
  readonly control: TaskControl;
  readonly options: ExecutorOptions;
  readonly runHost: (context: HostContext) => Promise<HostOutcome>;
}
/** Nothing was started on the host when one of these is the reason. */
const UNREACHABLE = new Set(['SSH_UNREACHABLE', 'SSH_AUTH', 'SSH_HOST_KEY', 'SSH_ALGORITHM', 'LOGIN_MISSING']);

/** Spread a step over its hosts by its rule. A host with a good result in the ledger is not touched again. */
export async function runOnHosts(spread: OnHosts): Promise<StepResult> {
  const { task, context } = spread;
  const rule = task.hosts;
  if (!rule || rule.names.length === 0) throw new SlipwayError('NO_HOSTS', `${task.path} has no hosts`, { hint: 'its pattern selects none of the inventory' });
  const batches = batchesOf(rule);
  const results = goodResults(task.ledger);
  const running = new Map<string, Promise<void>>();
  for (;;) {
    const next = context.signal.aborted
      ? ({ type: running.size > 0 ? 'wait' : 'over' } as const)
      : nextHosts(rule, { batches, running: new Set(running.keys()), results });
    if (next.type === 'over') break;
    if (next.type === 'start') {
      for (const host of next.hosts)
        running.set(
          host,
          one(host, spread, rule)
            .then((result) => void results.set(host, result))
            .finally(() => void running.delete(host)),
        );
    } else {
      await Promise.race(running.values());
    }
  }
  context.signal.throwIfAborted();
  return summary(rule, { batches, results });
}

/** Hosts of earlier attempts that need nothing more. */
function goodResults(ledger: TaskRun['ledger']): Map<string, HostResult> {
  const good = new Map<string, HostResult>();
  for (const [host, result] of Object.entries(ledger)) {
    const state = isObject(result) ? result['state'] : undefined;
    if (state === 'ok' || state === 'changed' || state === 'skipped') good.set(host, result as never as HostResult); // a recorded host result, by contract
  }
  return good;
}

async function one(host: string, { task, context, control, options, runHost }: OnHosts, rule: HostRule): Promise<HostResult> {
  const began = options.clock.monotonic();
  await control.hostStarted(host);
  const result = await attempt({ host, task, context, control, options, runHost, rule });
  const whole = { ...result, durationMs: Math.round(options.clock.monotonic() - began) };
  // An aborted host has no result: whether its command took effect is not known, and the ledger keeps saying so.
  if (!context.signal.aborted || !isBad(whole)) await control.hostFinished(host, whole);
  return whole;
}

async function attempt({
  host,
  task,
  context,
  control,
  options,
  runHost,
  rule,
}: OnHosts & { readonly host: string; readonly rule: HostRule }): Promise<Omit<HostResult, 'durationMs'>> {
  try {
    const hostContext: HostContext = {
      ...context,
      host: options.host(host),
      options: await hostOptions(rule, task, options),
      log: (text, stream = 'stdout') => {
        context.heartbeat();
        control.log({ text, stream, host });
      },
    };
    const outcome = await runHost(hostContext);
    return await judged(outcome, rule, { host, options, inputs: task.with });
  } catch (cause) {
    const error = failureOf(cause, options.masker);
    if (UNREACHABLE.has(error.code)) return { state: 'unreachable', error };
    return { state: 'failed', error: error.code === 'SSH_LOST' ? lost(error, task.repeatable) : error };
  }
}

/** The connection broke after the command had begun: repeat only what may be repeated. */
function lost(error: StepFailure, repeatable: boolean): StepFailure {
  if (repeatable) return { ...error, retry: 'afterBackoff' };
  return { ...error, retry: 'pauseForHuman', hint: 'whether the command took effect is not known; look on the host, or declare the step "idempotency: safe"' };
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
  const rest = { outputs, ...(outcome.summary === undefined ? {} : { summary: options.masker.mask(outcome.summary) }) };
  if (outcome.status === 'skipped') return { state: 'skipped', ...rest };
  if (failedWhen !== undefined && evaluateDeep(failedWhen, scope) === true) {
    return { state: 'failed', ...rest, error: { code: 'FAILED_WHEN', message: `failedWhen is true: ${failedWhen}`, retry: 'never' } };
  }
  if (changedWhen === undefined) return { state: outcome.status, ...rest };
  return { state: evaluateDeep(changedWhen, scope) === true ? 'changed' : 'ok', ...rest };
}

function summary(rule: HostRule, fan: { readonly batches: readonly (readonly string[])[]; readonly results: ReadonlyMap<string, HostResult> }): StepResult {
  const all = fan.batches.flat();
  const recap = Object.fromEntries(HOST_STATES.map((state) => [state, all.filter((host) => fan.results.get(host)?.state === state).length]));
  const bad = all.filter((host) => isBad(fan.results.get(host)));
  if (!isTolerable(rule, fan)) return { state: 'failed', error: hostsFailed(bad, { fan, all }) };
  const hosts = Object.fromEntries([...fan.results].map(([host, { outputs = {} }]) => [host, outputs]));
  const changed = (recap['changed'] ?? 0) > 0;
  return { state: changed ? 'changed' : 'ok', outputs: { recap, hosts } };
}

function hostsFailed(
  bad: readonly string[],
  { fan, all }: { readonly fan: { readonly results: ReadonlyMap<string, HostResult> }; readonly all: readonly string[] },
): StepFailure {
  const errors = bad.flatMap((host) => fan.results.get(host)?.error ?? []);
  const first = errors[0];
  const never = all.filter((host) => !fan.results.has(host)).length;
  const advice = ['pauseForHuman', 'never', 'afterBackoff'] as const;
  const retry = advice.find((one) => errors.some((error) => error.retry === one)) ?? 'never';
  const rest = never > 0 ? `; ${never} not reached` : '';
  const code = errors.every((error) => error.code === first?.code) ? (first?.code ?? 'HOSTS_FAILED') : 'HOSTS_FAILED';
  return {
    code,
    retry,
    message: `${bad.length} of ${all.length} hosts failed${rest}; ${bad[0] ?? ''}: ${first?.message ?? ''}`,
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
  };
}
