import { LEAST_BEYOND, LEAST_TRIALS } from './judge-metric.ts';
import { type Metric, quantileIn } from './metric.ts';
import { clopperPearson } from './proportions.ts';
import { normalDensity, normalQuantile } from './special.ts';
import { count } from './words.ts';

/** What is believed about the systems before they are measured. */
export interface Assumptions {
  /** Confidence of the one-sided bounds; 0.95 unless told. */
  readonly confidence?: number;
  /** Chance to pass when both sides are the same; 0.9 unless told. */
  readonly power?: number;
  /** Share of requests of the baseline that fail; 0.1 % unless told. */
  readonly errorRate?: number;
  /** Share of answers that differ anyway; 0 unless told. */
  readonly mismatchRate?: number;
  /** Standard deviation of the logarithm of the latency; 0.6 unless told, as web services have. */
  readonly logDeviation?: number;
}
export interface SampleSize {
  /** Requests per side; Infinity when no number is enough. */
  readonly n: number;
  readonly sentence: string;
}

/** Requests per side that a metric needs to pass with the asked power when the candidate is as good as the baseline. */
export function sampleSize(metric: Metric, assumptions: Assumptions = {}): SampleSize {
  const n = Math.max(needed(metric, assumptions), metric.minSamples ?? 0);
  const sentence = Number.isFinite(n)
    ? `${metric.name} needs about ${count(n)} requests per side`
    : `${metric.name} cannot pass, however many requests are sent`;
  return { n, sentence };
}

function needed(metric: Metric, { confidence = 0.95, power = 0.9, ...beliefs }: Assumptions): number {
  const reach = normalQuantile(confidence) + normalQuantile(power);
  switch (metric.kind) {
    case 'latency':
      return Math.max(...Object.entries(metric.quantiles).map(([name, margin]) => forQuantile(quantileIn(name), margin, reach, beliefs.logDeviation ?? 0.6)));
    case 'rate': {
      const rate = beliefs.errorRate ?? 0.001;
      return Math.max(LEAST_TRIALS, Math.ceil((reach ** 2 * 2 * rate * (1 - rate)) / metric.margin ** 2));
    }
    case 'mismatch':
      return forMismatch(metric.max, confidence, reach, beliefs.mismatchRate ?? 0);
  }
}

/** Log-normal latencies: the standard error of the logarithm of a quantile is deviation · √(q(1-q)/n) ÷ density. */
function forQuantile(q: number, margin: number, reach: number, deviation: number): number {
  const spread = (deviation * Math.sqrt(2 * q * (1 - q))) / normalDensity(normalQuantile(q));
  return Math.max(Math.ceil(LEAST_BEYOND / Math.min(q, 1 - q)), Math.ceil(((reach * spread) / Math.log1p(margin)) ** 2));
}

function forMismatch(max: number, confidence: number, reach: number, rate: number): number {
  if (rate >= max) return Infinity;
  if (rate > 0) return Math.ceil((reach ** 2 * rate * (1 - rate)) / (max - rate) ** 2);
  const enough = (trials: number) => clopperPearson({ events: 0, trials }, confidence).upper <= max;
  let n = Math.ceil(Math.log(1 - confidence) / Math.log1p(-max));
  // The logarithm may be off by one in the last place.
  while (!enough(n)) n++;
  return Math.max(LEAST_TRIALS, n);
}
