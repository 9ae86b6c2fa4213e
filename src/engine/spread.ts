import { isObject, type Json } from '../core/pure.ts';
import type { HostRule } from '../plan/index.ts';
import { HOST_STATES } from '../steps/host.ts';
import type { EventBody, HostResult, StepFailure, StepResult } from './events.ts';
import { batchesOf, type FanOut, isBad, isTolerable } from './fan-out.ts';

/** What a ledger says of hosts: those with a result, which are not touched again, and those that nobody saw the end of. */
export function readLedger(ledger: { readonly [host: string]: Json }): { readonly results: Map<string, HostResult>; readonly doubts: Set<string> } {
  const results = new Map<string, HostResult>();
  const doubts = new Set<string>();
  for (const [host, result] of Object.entries(ledger)) {
    if (isObject(result))
      results.set(host, result as never as HostResult); // a recorded host result, by contract
    else doubts.add(host);
  }
  return { results, doubts };
}

/** Of a host whose command may have taken effect, and may do harm when it is repeated. */
export const LEFT_IN_DOUBT: HostResult = {
  ...{ state: 'failed', inDoubt: true, durationMs: 0 },
  error: {
    code: 'IN_DOUBT',
    message: 'it was under way when its process died, and repeating it may do harm',
    hint: 'look on the host whether it took effect, then settle it with "slipway resolve … --hosts <host>"',
    retry: 'pauseForHuman',
  },
};

/** How a step ended of which a person wanted only some hosts tried: when these ended well and others are left, it is a person's again. */
export function resultOfSome(rule: HostRule, { results, tried }: { readonly results: FanOut['results']; readonly tried: FanOut['results'] }): StepResult {
  const whole = { batches: batchesOf(rule), results };
  const result = resultOfHosts(rule, whole);
  const left = whole.batches.flat().filter((host) => !results.has(host) || ('error' in result && isBad(results.get(host))));
  if (left.length === 0 || [...tried.values()].some(isBad)) return result;
  const named = `${left.slice(0, 5).join(', ')}${left.length > 5 ? ', …' : ''}`;
  const hint = 'go on with them by "slipway retry … --hosts failed,unreachable,never-reached"';
  return {
    state: 'failed',
    error: { code: 'HOSTS_LEFT', message: `${left.length} of ${rule.names.length} hosts are left: ${named}`, retry: 'pauseForHuman', hint },
  };
}

/** What hosts gave is in their own events: thousands of them would make one event of it all that nobody can carry. */
export function onRecord(result: StepResult): Pick<Extract<EventBody, { type: 'stepFinished' }>, 'result' | 'hostsOnRecord'> {
  if (!('outputs' in result)) return { result };
  const { hosts: _onRecord, ...outputs } = result.outputs;
  return { result: { ...result, outputs }, hostsOnRecord: true };
}

/** How a step ended on all its hosts together. */
export function resultOfHosts(rule: HostRule, fan: Pick<FanOut, 'batches' | 'results'>): StepResult {
  const all = fan.batches.flat();
  const recap: Record<string, number> = Object.fromEntries(HOST_STATES.map((state) => [state, 0]));
  for (const host of all) {
    const state = fan.results.get(host)?.state;
    if (state !== undefined) recap[state] = (recap[state] ?? 0) + 1;
  }
  if (!isTolerable(rule, fan)) return { state: 'failed', error: hostsFailed(all, fan) };
  const hosts = Object.fromEntries(all.flatMap((host) => (fan.results.has(host) ? [[host, fan.results.get(host)?.outputs ?? {}]] : [])));
  return { state: (recap['changed'] ?? 0) > 0 ? 'changed' : 'ok', outputs: { recap, hosts } };
}

function hostsFailed(all: readonly string[], { results }: Pick<FanOut, 'results'>): StepFailure {
  const bad = all.filter((host) => isBad(results.get(host)));
  const errors = bad.flatMap((host) => results.get(host)?.error ?? []);
  const first = errors[0];
  const never = all.filter((host) => !results.has(host)).length;
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
