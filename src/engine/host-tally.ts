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

export function createTally(rule: HostRule, hosts: readonly (readonly string[])[]): Tally {
  let upTo = 0;
  const batches = hosts.map(({ length: size }): Batch => ({ size, upTo: (upTo += size), ended: 0, bad: 0 }));
  const batchOf = new Map(hosts.flatMap((names, index) => names.map((name) => [name, index] as const)));
  const count = { ended: 0, bad: 0 };
  /** Batches before this one are over; so many hosts of them are bad. */
  const over = { batches: 0, bad: 0 };
  let last = 0;
  let isLimitPassed = false;
  let isBatchSpoilt = false;

  const look = (limit: number): void => {
    let bad = over.bad;
    for (let index = over.batches; index <= last; index++) {
      const batch = batches[index];
      if (!batch) return;
      bad += batch.bad;
      if (batch.bad > 0 && (100 * batch.bad) / batch.size > limit && (100 * bad) / batch.upTo > limit) isLimitPassed = true;
    }
  };
  const close = (): void => {
    for (let batch = batches[over.batches]; batch && batch.ended === batch.size; batch = batches[over.batches]) {
      if (batch.bad > 0 && over.batches < batches.length - 1) isBatchSpoilt = true;
      over.bad += batch.bad;
      over.batches++;
    }
  };
  return {
    add: (host, { state }) => {
      const index = batchOf.get(host);
      const batch = index === undefined ? undefined : batches[index];
      if (index === undefined || !batch) return;
      const isBad = state === 'failed' || state === 'unreachable';
      last = Math.max(last, index);
      batch.ended++;
      count.ended++;
      if (isBad) {
        batch.bad++;
        count.bad++;
        if (rule.maxFailPercentage !== undefined) look(rule.maxFailPercentage);
      }
      close();
    },
    ended: () => count.ended,
    currentSize: () => batches[over.batches]?.size ?? 0,
    currentEnd: () => batches[over.batches]?.upTo ?? upTo,
    stopped: () => {
      if (count.bad === 0) return undefined;
      const said = `${count.bad} ${count.bad === 1 ? 'host' : 'hosts'} failed`;
      if (rule.anyErrorsFatal) return `${said} and any error is fatal`;
      if (rule.maxErrors !== undefined && count.bad > rule.maxErrors) return `${said} and at most ${rule.maxErrors} may`;
      if (isLimitPassed) return `${said}, more than ${rule.maxFailPercentage} %`;
      const hasRule = rule.maxErrors !== undefined || rule.maxFailPercentage !== undefined;
      return isBatchSpoilt && !hasRule ? `${said} and the next batch does not start after a failure` : undefined;
    },
  };
}
