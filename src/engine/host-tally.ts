import type { HostRule } from '../plan/index.ts';
import type { HostResult } from './events.ts';

/** How many hosts of a step have ended, and how badly. */
export interface Tally {
  /** Take in how a host ended. Once for each host. */
  add(host: string, result: HostResult): void;
  ended(): number;
  /** Of the first batch that is not over: how many hosts it has, and the number of the host after its last one. */
  currentSize(): number;
  currentEnd(): number;
  /**
   * Why no further host may start. Failed and unreachable hosts count alike, also those whose end nobody saw.
   *
   * - `anyErrorsFatal`: one is enough.
   * - `maxErrors`: more than so many.
   * - `maxFailPercentage`: a share that is strictly greater, of a batch and of all hosts up to the end of that batch. Both, so that one broken host of
   *   a small late batch does not stop a large step, and a batch that failed wholly does not either while the limit allows it; 0 stops at the first.
   * - none of these: a batch with a failure is the last one.
   */
  stopped(): string | undefined;
}

interface Batch {
  readonly size: number;
  /** Hosts of this and all earlier batches. */
  readonly upTo: number;
  ended: number;
  bad: number;
}
interface Count {
  ended: number;
  bad: number;
  /** The last batch of which a host has ended. */
  last: number;
  /** Batches before this one are over; so many hosts of them are bad. */
  over: number;
  badOver: number;
  isLimitPassed: boolean;
  isBatchSpoilt: boolean;
}

export function createTally(rule: HostRule, hosts: readonly (readonly string[])[]): Tally {
  let upTo = 0;
  const batches = hosts.map(({ length: size }): Batch => ({ size, upTo: (upTo += size), ended: 0, bad: 0 }));
  const batchOf = new Map(hosts.flatMap((names, index) => names.map((name) => [name, index] as const)));
  const count: Count = { ended: 0, bad: 0, last: 0, over: 0, badOver: 0, isLimitPassed: false, isBatchSpoilt: false };
  return {
    add: (host, { state }) => {
      const index = batchOf.get(host);
      const batch = index === undefined ? undefined : batches[index];
      if (index === undefined || !batch) return;
      count.last = Math.max(count.last, index);
      batch.ended++;
      count.ended++;
      if (state === 'failed' || state === 'unreachable') {
        batch.bad++;
        count.bad++;
        if (isPast(rule.maxFailPercentage, batches, count)) count.isLimitPassed = true;
      }
      closeBatches(batches, count);
    },
    ended: () => count.ended,
    currentSize: () => batches[count.over]?.size ?? 0,
    currentEnd: () => batches[count.over]?.upTo ?? upTo,
    stopped: () => (count.bad === 0 ? undefined : reasonOf(rule, count)),
  };
}

/** Is the share of bad hosts too large in a batch that is not over, and in all up to its end? */
function isPast(limit: number | undefined, batches: readonly Batch[], count: Count): boolean {
  if (limit === undefined) return false;
  let bad = count.badOver;
  for (const batch of batches.slice(count.over, count.last + 1)) {
    bad += batch.bad;
    if (batch.bad > 0 && (100 * batch.bad) / batch.size > limit && (100 * bad) / batch.upTo > limit) return true;
  }
  return false;
}

function closeBatches(batches: readonly Batch[], count: Count): void {
  for (let batch = batches[count.over]; batch && batch.ended === batch.size; batch = batches[count.over]) {
    if (batch.bad > 0 && count.over < batches.length - 1) count.isBatchSpoilt = true;
    count.badOver += batch.bad;
    count.over++;
  }
}

function reasonOf(rule: HostRule, { bad, isLimitPassed, isBatchSpoilt }: Count): string | undefined {
  const said = `${bad} ${bad === 1 ? 'host' : 'hosts'} failed`;
  if (rule.anyErrorsFatal) return `${said} and any error is fatal`;
  if (rule.maxErrors !== undefined && bad > rule.maxErrors) return `${said} and at most ${rule.maxErrors} may`;
  if (isLimitPassed) return `${said}, more than ${rule.maxFailPercentage} %`;
  const hasRule = rule.maxErrors !== undefined || rule.maxFailPercentage !== undefined;
  return isBatchSpoilt && !hasRule ? `${said} and the next batch does not start after a failure` : undefined;
}
