import type { HostCount, HostRule } from '../plan/index.ts';
import type { HostResult } from './events.ts';

/** Where a step stands with its hosts. */
export interface FanOut {
  /** In run order. */
  readonly batches: readonly (readonly string[])[];
  readonly running: ReadonlySet<string>;
  readonly results: ReadonlyMap<string, HostResult>;
}
export type FanOutDecision =
  { readonly type: 'start'; readonly hosts: readonly string[] } | { readonly type: 'wait' } | { readonly type: 'over'; readonly stopped?: string };

/** Most hosts at once when a step sets no throttle. */
const MOST_AT_ONCE = 50;

/** Hosts of a step in batches: `serial` sizes in turn, the last one repeated. A fraction rounds down to at least one host. */
export function batchesOf(rule: HostRule): readonly (readonly string[])[] {
  const hosts = rule.runOnce ? rule.names.slice(0, 1) : rule.names;
  const batches: string[][] = [];
  for (let from = 0, turn = 0; from < hosts.length; turn++) {
    const size = countOf(rule.serial[Math.min(turn, rule.serial.length - 1)] ?? hosts.length, hosts.length);
    batches.push(hosts.slice(from, from + size));
    from += size;
  }
  return batches;
}

function countOf(count: HostCount, all: number): number {
  return typeof count === 'number' ? count : Math.max(1, Math.floor(count.fraction * all));
}

/** Which hosts may start now. Failed and unreachable hosts count alike. */
export function nextHosts(rule: HostRule, fan: FanOut): FanOutDecision {
  const stopped = stopReason(rule, fan);
  if (stopped !== undefined) return fan.running.size > 0 ? { type: 'wait' } : { type: 'over', stopped };
  const begun = (host: string): boolean => fan.running.has(host) || fan.results.has(host);
  const all = fan.batches.flat();
  if (all.every((host) => fan.results.has(host))) return { type: 'over' };
  const current = fan.batches.find((batch) => !batch.every((host) => fan.results.has(host))) ?? [];
  // linear: nobody of the next batch starts before the last of this one is over. free and hostFirst: as slots become free.
  const candidates = rule.strategy === 'linear' ? current : all;
  const width = Math.min(
    rule.throttle === undefined ? MOST_AT_ONCE : countOf(rule.throttle, all.length),
    rule.strategy === 'linear' ? Infinity : Math.max(1, current.length),
  );
  const hosts = candidates.filter((host) => !begun(host)).slice(0, Math.max(0, width - fan.running.size));
  return hosts.length > 0 ? { type: 'start', hosts } : { type: 'wait' };
}

/**
 * Why no further host may start. `maxFailPercentage` is measured against the batch and against all hosts so far, and stops
 * when both are strictly greater, so that one broken host of a late batch does not stop a large step; 0 stops at the first.
 * Without any rule, a batch with a failure is the last one.
 */
export function stopReason(rule: HostRule, { batches, results }: Pick<FanOut, 'batches' | 'results'>): string | undefined {
  const bad = (hosts: readonly string[]): number => hosts.filter((host) => isBad(results.get(host))).length;
  const all = bad(batches.flat());
  if (all === 0) return undefined;
  if (rule.anyErrorsFatal) return `${said(all)} and any error is fatal`;
  if (rule.maxErrors !== undefined) return all > rule.maxErrors ? `${said(all)} and at most ${rule.maxErrors} may` : undefined;
  let soFar: string[] = [];
  for (const batch of batches) {
    soFar = [...soFar, ...batch];
    const failed = bad(batch);
    if (failed === 0) continue;
    const limit = rule.maxFailPercentage;
    if (limit === undefined) {
      if (batch.every((host) => results.has(host)) && soFar.length < batches.flat().length)
        return `${said(all)} and the next batch does not start after a failure`;
      continue;
    }
    const shares = [(100 * failed) / batch.length, (100 * bad(soFar)) / soFar.length];
    if (shares.every((share) => share > limit)) return `${said(all)}, more than ${limit} %`;
  }
  return undefined;
}

function said(count: number): string {
  return `${count} ${count === 1 ? 'host' : 'hosts'} failed`;
}

export function isBad(result: HostResult | undefined): boolean {
  return result?.state === 'failed' || result?.state === 'unreachable';
}

/** May the step count as done although hosts failed? Only when a rule says how many may. */
export function isTolerable(rule: HostRule, fan: Pick<FanOut, 'batches' | 'results'>): boolean {
  const bad = fan.batches.flat().filter((host) => isBad(fan.results.get(host))).length;
  if (bad === 0) return true;
  return (rule.maxFailPercentage !== undefined || rule.maxErrors !== undefined) && stopReason(rule, fan) === undefined;
}
