import type { HostCount, HostRule } from '../plan/index.ts';
import type { HostResult } from './events.ts';
import { createTally, type Tally } from './host-tally.ts';

/** Where a step stands with its hosts. */
export interface FanOut {
  /** In run order. */
  readonly batches: readonly (readonly string[])[];
  readonly running: ReadonlySet<string>;
  readonly results: ReadonlyMap<string, HostResult>;
}
export type FanOutDecision =
  { readonly type: 'start'; readonly hosts: readonly string[] } | { readonly type: 'wait' } | { readonly type: 'over'; readonly stopped?: string };

/** A step on its way over its hosts. Every call costs by the hosts it is about, not by how many there are. */
export interface Spread {
  readonly batches: FanOut['batches'];
  readonly results: ReadonlyMap<string, HostResult>;
  /** Which hosts may start now. They count as running from here on. */
  next(): FanOutDecision;
  ended(host: string, result: HostResult): void;
}

/** Most hosts at once when a step sets no throttle. */
export const MOST_AT_ONCE = 50;

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

export function countOf(count: HostCount, all: number): number {
  return typeof count === 'number' ? count : Math.max(1, Math.floor(count.fraction * all));
}

/**
 * Begin, or go on with what a ledger says. Hosts start in their order.
 *
 * linear, and hostFirst for a step by itself: nobody of the next batch starts before the last of this one is over. free: the size of the batch is only
 * how many run at once.
 */
export function startSpread(rule: HostRule, known: ReadonlyMap<string, HostResult>): Spread {
  const batches = batchesOf(rule);
  const all = batches.flat();
  const tally = createTally(rule, batches);
  const results = new Map<string, HostResult>();
  const running = new Set<string>();
  const ended = (host: string, result: HostResult): void => {
    running.delete(host);
    if (!results.has(host)) tally.add(host, result);
    results.set(host, result);
  };
  for (const host of all) {
    const result = known.get(host);
    if (result) ended(host, result);
  }
  let at = 0;
  const next = (): FanOutDecision => {
    const stopped = tally.stopped();
    if (stopped !== undefined) return running.size > 0 ? { type: 'wait' } : { type: 'over', stopped };
    if (tally.ended() === all.length) return { type: 'over' };
    const end = rule.strategy === 'free' ? all.length : tally.currentEnd();
    const free = widthOf(rule, tally, all.length) - running.size;
    const hosts: string[] = [];
    for (; at < end && hosts.length < free; at++) {
      const host = all[at] ?? '';
      if (!results.has(host)) hosts.push(host);
    }
    for (const host of hosts) running.add(host);
    return hosts.length > 0 ? { type: 'start', hosts } : { type: 'wait' };
  };
  return { batches, results, next, ended };
}

function widthOf(rule: HostRule, tally: Tally, all: number): number {
  const most = rule.throttle === undefined ? MOST_AT_ONCE : countOf(rule.throttle, all);
  return rule.strategy === 'free' ? Math.min(most, Math.max(1, tally.currentSize())) : most;
}

/** Which hosts may start now, asked once: `Spread` is for whoever asks again and again. */
export function nextHosts(rule: HostRule, fan: FanOut): FanOutDecision {
  const stopped = stopReason(rule, fan);
  if (stopped !== undefined) return fan.running.size > 0 ? { type: 'wait' } : { type: 'over', stopped };
  const { batches } = fan;
  const all = batches.flat();
  if (all.every((host) => fan.results.has(host))) return { type: 'over' };
  const tally = tallyOf(rule, fan);
  const end = rule.strategy === 'free' ? all.length : tally.currentEnd();
  const idle = all.slice(0, end).filter((host) => !fan.running.has(host) && !fan.results.has(host));
  const hosts = idle.slice(0, Math.max(0, widthOf(rule, tally, all.length) - fan.running.size));
  return hosts.length > 0 ? { type: 'start', hosts } : { type: 'wait' };
}

/** Why no further host may start. */
export function stopReason(rule: HostRule, fan: Pick<FanOut, 'batches' | 'results'>): string | undefined {
  return tallyOf(rule, fan).stopped();
}

function tallyOf(rule: HostRule, { batches, results }: Pick<FanOut, 'batches' | 'results'>): Tally {
  const tally = createTally(rule, batches);
  for (const batch of batches)
    for (const host of batch) {
      const result = results.get(host);
      if (result) tally.add(host, result);
    }
  return tally;
}

export function isBad(result: HostResult | undefined): boolean {
  return result?.state === 'failed' || result?.state === 'unreachable';
}

/**
 * May the step count as done although hosts failed? Only when a rule says how many may. No rule allows for a host that is in doubt and a person's: nobody
 * knows whether it failed.
 */
export function isTolerable(rule: HostRule, fan: Pick<FanOut, 'batches' | 'results'>): boolean {
  const results = fan.batches.flatMap((batch) => batch.flatMap((host) => fan.results.get(host) ?? []));
  if (!results.some(isBad)) return true;
  if (results.some(({ inDoubt, error }) => inDoubt === true && error?.retry === 'pauseForHuman')) return false;
  return (rule.maxFailPercentage !== undefined || rule.maxErrors !== undefined) && stopReason(rule, fan) === undefined;
}
