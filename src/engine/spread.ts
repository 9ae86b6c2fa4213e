import { isObject, type Json } from '../core/index.ts';
import type { HostRule } from '../plan/index.ts';
import { HOST_STATES } from '../steps/index.ts';
import type { HostResult, StepFailure, StepResult } from './events.ts';
import { type FanOut, isBad, isTolerable } from './fan-out.ts';

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
