import type { Arm } from './evidence.ts';
import { addEncoded, BUCKETS, valueOf } from './histogram.ts';

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
