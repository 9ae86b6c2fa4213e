import { binomialSampler } from '../binomial.ts';
import { type Distribution, distributionOf, orderStatistic, quantileOf } from '../distribution.ts';
import type { Slot } from '../evidence.ts';
import type { Bounds } from '../proportions.ts';
import type { Random } from '../random.ts';
import { studentQuantile } from '../special.ts';

const REPLICATES = 4_000;
const BLOCK_REPLICATES = 400;
/** Fewer slots than this say nothing about autocorrelation. */
const LEAST_SLOTS = 10;

export interface RatioQuestion {
  readonly slots: readonly Slot[];
  /** 0 to 1, exclusive. */
  readonly q: number;
  readonly confidence: number;
  readonly timeoutMs: number;
  readonly random: Random;
}
/** Candidate ÷ baseline of one quantile. An upper bound of Infinity: the candidate's quantile may lie beyond the timeout. */
export interface Ratio extends Bounds {
  readonly baselineMs: number;
  readonly candidateMs: number;
  readonly estimate: number;
  readonly method: 'quantileIndexBootstrap' | 'pairedBlockBootstrap';
}

/**
 * One-sided bounds of the ratio of a quantile. Requests are independent unless the ratios of neighbouring slots are correlated; then
 * whole stretches of time are resampled, both sides together.
 */
export function quantileRatio(question: RatioQuestion): Ratio {
  const { slots, q, timeoutMs } = question;
  const baseline = distributionOf(slots.map((slot) => slot.baseline));
  const candidate = distributionOf(slots.map((slot) => slot.candidate));
  const baselineMs = quantileOf(baseline, q, timeoutMs);
  const candidateMs = quantileOf(candidate, q, timeoutMs);
  const estimate = candidateMs / baselineMs;
  const useful = slots.filter(({ baseline: old, candidate: fresh }) => old.latency.length > 0 && fresh.latency.length > 0);
  if (isAutocorrelated(useful, q, timeoutMs)) {
    return { baselineMs, candidateMs, estimate, ...blockBounds({ ...question, slots: useful }, estimate), method: 'pairedBlockBootstrap' };
  }
  return { baselineMs, candidateMs, estimate, ...indexBounds(question, baseline, candidate), method: 'quantileIndexBootstrap' };
}

/**
 * The rank of a quantile in a Poisson bootstrap sample is Binomial(n + 1, q) (Schultzberg and Ankargren 2022): no resampling. A
 * request without answer counts as the value that makes each bound the careful one.
 */
function indexBounds({ q, confidence, timeoutMs, random }: RatioQuestion, baseline: Distribution, candidate: Distribution): Bounds {
  const rank = (side: Distribution) => {
    const draw = binomialSampler(side.n + 1, q);
    return () => Math.min(side.n, Math.max(1, draw(random)));
  };
  const [baselineRank, candidateRank] = [rank(baseline), rank(candidate)];
  const low = new Float64Array(REPLICATES);
  const high = new Float64Array(REPLICATES);
  for (let index = 0; index < REPLICATES; index++) {
    const [old, fresh] = [baselineRank(), candidateRank()];
    low[index] = orderStatistic(candidate, fresh, timeoutMs) / orderStatistic(baseline, old, Infinity);
    high[index] = orderStatistic(candidate, fresh, Infinity) / orderStatistic(baseline, old, timeoutMs);
  }
  low.sort();
  high.sort();
  const tail = Math.floor((1 - confidence) * REPLICATES);
  return { lower: low[tail] ?? 0, upper: high[REPLICATES - 1 - tail] ?? Infinity };
}

function isAutocorrelated(slots: readonly Slot[], q: number, timeoutMs: number): boolean {
  if (slots.length < LEAST_SLOTS) return false;
  const series = slots.map((slot) => logRatio([slot], q, timeoutMs));
  // Chance alone gives correlations of about 1 ÷ √slots.
  return lagOneCorrelation(series) > Math.max(0.2, 1.645 / Math.sqrt(slots.length));
}

/** Correlation of a series with itself one step later. */
export function lagOneCorrelation(series: readonly number[]): number {
  const mean = series.reduce((sum, value) => sum + value, 0) / series.length;
  let [product, square] = [0, 0];
  series.forEach((value, index) => {
    square += (value - mean) ** 2;
    if (index > 0) product += (value - mean) * ((series[index - 1] ?? mean) - mean);
  });
  return square === 0 ? 0 : product / square;
}

/** Circular block bootstrap of the paired slots; Student's t for the few blocks, because percentiles are too narrow there. */
function blockBounds({ slots, q, confidence, timeoutMs, random }: RatioQuestion, estimate: number): Bounds {
  const length = Math.ceil(1.5 * Math.cbrt(slots.length));
  const blocks = Math.ceil(slots.length / length);
  const logs = Array.from({ length: BLOCK_REPLICATES }, () => logRatio(resample(slots, length, random), q, timeoutMs));
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1);
  const reach = studentQuantile(confidence, blocks - 1) * Math.sqrt((variance * blocks) / (blocks - 1));
  const candidate = distributionOf(slots.map((slot) => slot.candidate));
  const unknown = Math.ceil(candidate.n * q) > candidate.answers;
  return { lower: estimate * Math.exp(-reach), upper: unknown ? Infinity : estimate * Math.exp(reach) };
}

/** As many slots as there are, in stretches of `length` that start anywhere and wrap around. */
function resample(slots: readonly Slot[], length: number, random: Random): readonly Slot[] {
  const circle = [...slots, ...slots];
  const sample: Slot[] = [];
  while (sample.length < slots.length) {
    const start = Math.floor(random() * slots.length);
    sample.push(...circle.slice(start, start + Math.min(length, slots.length - sample.length)));
  }
  return sample;
}

function logRatio(slots: readonly Slot[], q: number, timeoutMs: number): number {
  const side = (which: 'baseline' | 'candidate') => quantileOf(distributionOf(slots.map((slot) => slot[which])), q, timeoutMs);
  return Math.log(side('candidate') / side('baseline'));
}
