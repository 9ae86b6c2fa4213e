import { isObject, type Json } from '../core/pure.ts';
import type { HostRule } from '../plan/index.ts';
import { HOST_STATES } from '../steps/host.ts';
import type { HostResult, StepFailure, StepResult } from './events.ts';
import { type FanOut, isBad, isTolerable } from './fan-out.ts';

/** Hosts of earlier attempts that need nothing more. */
export function goodResults(ledger: { readonly [host: string]: Json }): Map<string, HostResult> {
  const good = new Map<string, HostResult>();
  for (const [host, result] of Object.entries(ledger)) {
    const state = isObject(result) ? result['state'] : undefined;
    if (state === 'ok' || state === 'changed' || state === 'skipped') good.set(host, result as never as HostResult); // a recorded host result, by contract
  }
  return good;
}

/** How a step ended on all its hosts together. */
export function resultOfHosts(rule: HostRule, fan: Pick<FanOut, 'batches' | 'results'>): StepResult {
  const all = fan.batches.flat();
  const recap = Object.fromEntries(HOST_STATES.map((state) => [state, all.filter((host) => fan.results.get(host)?.state === state).length]));
  const bad = all.filter((host) => isBad(fan.results.get(host)));
  if (!isTolerable(rule, fan)) return { state: 'failed', error: hostsFailed(bad, { fan, all }) };
  const hosts = Object.fromEntries([...fan.results].map(([host, { outputs = {} }]) => [host, outputs]));
  const changed = (recap['changed'] ?? 0) > 0;
  return { state: changed ? 'changed' : 'ok', outputs: { recap, hosts } };
}

function hostsFailed(bad: readonly string[], { fan, all }: { readonly fan: Pick<FanOut, 'results'>; readonly all: readonly string[] }): StepFailure {
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
