import type { Arm, Slot } from './evidence.ts';
import { addEncoded, bucketOf, BUCKETS, valueOf, widthOf } from './histogram.ts';

/** Latencies of one side: those of answers, and those of requests that had no answer when their time was up. */
export interface Distribution {
  /** Answers and timeouts. */
  readonly n: number;
  readonly answers: number;
  /** Milliseconds; rising. */
  readonly values: Float64Array;
  /** Answers at or below the value. */
  readonly cumulative: Float64Array;
}

/** Everything the arms saw, together. */
export function distributionOf(arms: readonly Arm[]): Distribution {
  const counts = new Float64Array(BUCKETS);
  for (const arm of arms) addEncoded(arm.latency, counts);
  const timeouts = arms.reduce((sum, arm) => sum + arm.errors.timeout, 0);
  return pack(counts, timeouts);
}

function pack(counts: Float64Array, timeouts: number): Distribution {
  const used = counts.reduce((sum, each) => sum + (each > 0 ? 1 : 0), 0);
  const values = new Float64Array(used);
  const cumulative = new Float64Array(used);
  let [at, answers] = [0, 0];
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const here = counts[bucket] ?? 0;
    if (here === 0) continue;
    answers += here;
    values[at] = valueOf(bucket);
    cumulative[at] = answers;
    at++;
  }
  return { n: answers + timeouts, answers, values, cumulative };
}

/** The k-th smallest latency (from 1), in milliseconds; `unanswered` stands for those whose true value is beyond the timeout. */
export function orderStatistic({ answers, values, cumulative }: Distribution, k: number, unanswered: number): number {
  if (k > answers) return unanswered;
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulative[middle] ?? 0) >= k) high = middle;
    else low = middle + 1;
  }
  return values[low] ?? unanswered;
}

/** The q-quantile by the inverse of the empirical distribution. */
export function quantileOf(distribution: Distribution, q: number, unanswered: number): number {
  return orderStatistic(distribution, Math.max(1, Math.ceil(distribution.n * q - 1e-9)), unanswered);
}

/**
 * Latencies of one side when some requests had no good answer: those whose time was up, and those that were asked to come again. The true time
 * until a good answer is unknown and longer.
 */
export interface Censored {
  /** As if the good answer had come just when nothing was known any more. */
  readonly early: Distribution;
  /** As if it never came. */
  readonly late: Distribution;
}

export function censored(slots: readonly Slot[], side: 'baseline' | 'candidate', timeoutMs: number): Censored {
  const answers = new Float64Array(BUCKETS);
  for (const slot of slots) addEncoded(slot[side].latency, answers);
  const early = answers.slice();
  let missing = 0;
  for (const { [side]: arm } of slots) {
    addEncoded(arm.refused ?? [], early);
    const bucket = bucketOf(timeoutMs);
    early[bucket] = (early[bucket] ?? 0) + arm.errors.timeout;
    missing += arm.errors.timeout + (arm.errors.retry ?? 0);
  }
  return { early: pack(early, 0), late: pack(answers, missing) };
}

/** Requests of one side in one slot that were answered, or given up, within `ms`; and all whose time is known at least in part. */
export function countWithin({ latency, refused = [], errors }: Arm, ms: number, timeoutMs: number): { readonly within: number; readonly n: number } {
  const last = bucketOf(ms);
  let [within, n] = [0, errors.timeout];
  for (const encoded of [latency, refused]) {
    let bucket = 0;
    for (let index = 0; index + 1 < encoded.length; index += 2) {
      bucket += encoded[index] ?? 0;
      const count = encoded[index + 1] ?? 0;
      n += count;
      if (bucket <= last) within += count;
    }
  }
  return { within: bucketOf(timeoutMs) <= last ? within + errors.timeout : within, n };
}

/**
 * Half the distance at which most values of both sides stand from their nearest neighbour: what rounding, for example to whole
 * milliseconds, may have hidden; half a bucket at least.
 */
export function halfGap(...sides: readonly Distribution[]): number {
  const merged = new Map<number, number>();
  for (const { values, cumulative } of sides) {
    values.forEach((value, index) => merged.set(value, (merged.get(value) ?? 0) + (cumulative[index] ?? 0) - (cumulative[index - 1] ?? 0)));
  }
  const values = [...merged].sort(([a], [b]) => a - b);
  const gaps = values.map(([value, count], index) => {
    const before = value - (values[index - 1]?.[0] ?? -Infinity);
    const after = (values[index + 1]?.[0] ?? Infinity) - value;
    const gap = Math.min(before, after);
    return [Number.isFinite(gap) ? gap : widthOf(bucketOf(value)), count] as const;
  });
  const half = gaps.reduce((sum, [, count]) => sum + count, 0) / 2;
  let seen = 0;
  for (const [gap, count] of gaps.toSorted(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= half) return gap / 2;
  }
  return 0;
}
