import { leastFor, LEAST_TRIALS } from './judge.ts';
import { cosinesFor, LEAST_SLOTS } from './long-run.ts';
import { type Metric, quantileIn } from './metric.ts';
import { ASSUMED, type Noise } from './noise.ts';
import { clopperPearson, likeliestUnder } from './proportions.ts';
import { bisect, normalDensity, normalQuantile, studentQuantile } from './special.ts';

/** What the wider of two bounds costs on average, as simulations show it. */
const WIDER = 1.08;

/** What a measurement is planned with. */
export interface Assumptions {
  /** Confidence of the one-sided bounds; 0.95 unless told. */
  readonly confidence?: number;
  /** Chance to pass when both sides are the same; 0.9 unless told. */
  readonly power?: number;
  /** Slots of time it will have; 60 unless told. */
  readonly slots?: number;
  readonly noise?: Partial<Noise>;
}
/** A metric, or one quantile of a latency metric, as it is planned. */
export interface Goal {
  /** `latency p95`. */
  readonly label: string;
  readonly name: string;
  readonly kind: Metric['kind'];
  readonly critical: boolean;
  readonly margin: number;
  /** Member of the metric that states the margin: `quantiles.p95`. */
  readonly member: string;
  readonly quantile?: string;
  readonly minSamples: number;
}

/** What a metric asks, one for each quantile. */
export function goalsOf(metric: Metric): readonly Goal[] {
  const common = { name: metric.name, kind: metric.kind, critical: metric.critical ?? true, minSamples: metric.minSamples ?? 0 };
  if (metric.kind !== 'latency') {
    const [member, margin] = metric.kind === 'mismatch' ? ['max', metric.max] : ['margin', metric.margin];
    return [{ ...common, label: metric.name, member, margin }];
  }
  return Object.entries(metric.quantiles).map(([quantile, margin]) => ({
    ...common,
    label: `${metric.name} ${quantile}`,
    member: `quantiles.${quantile}`,
    margin,
    quantile,
  }));
}

/**
 * Requests per side (slots of time for a numeric metric, trials for a ratio) that a goal needs to pass with the asked power when the candidate is as good
 * as the baseline; Infinity when no number is enough.
 */
export function sampleSize(goal: Goal, assumptions: Assumptions = {}): number {
  return Math.max(goal.minSamples, neededAt(goal, goal.margin, assumptions));
}

/** The smallest margin that `n` requests per side can pass with the asked power; Infinity when even a margin of 1000 % is too small. */
export function leastMargin(goal: Goal, n: number, assumptions: Assumptions = {}): number {
  const most = goal.kind === 'latency' || goal.kind === 'numeric' ? 10 : 1;
  if (n < goal.minSamples || neededAt(goal, most, assumptions) > n) return Infinity;
  return bisect((margin) => (neededAt(goal, margin, assumptions) <= n ? 1 : -1), 0, most);
}

function neededAt(goal: Goal, margin: number, { confidence = 0.95, power = 0.9, slots = 60, noise: given = {} }: Assumptions): number {
  const noise = { ...ASSUMED, ...given };
  const levels = { confident: WIDER * studentQuantile(confidence, cosinesFor(slots)), powerful: WIDER * normalQuantile(power) };
  switch (goal.kind) {
    case 'latency':
      return forQuantile(goal.quantile ?? 'p50', margin, levels.confident + levels.powerful, noise);
    case 'rate':
    case 'ratio':
    case 'throughput':
      return forDifference(margin, levels, noise);
    case 'mismatch':
      return forMismatch(margin, confidence, levels.confident + levels.powerful, noise.mismatchRate);
    case 'numeric':
      return Math.max(LEAST_SLOTS, forMean(margin, confidence, power, noise.slotDeviation));
  }
}

/** Log-normal latencies: the standard error of the logarithm of a quantile is deviation · √(q(1-q)/n) ÷ density. */
function forQuantile(name: string, margin: number, reach: number, noise: Noise): number {
  const q = quantileIn(name);
  const measured = noise.quantiles[name];
  const spread = measured?.spread ?? (noise.logDeviation * Math.sqrt(2 * q * (1 - q))) / normalDensity(normalQuantile(q));
  // Buckets of the histogram hide 0.2 % at least.
  const room = Math.log1p(margin) - Math.max(0.002, measured?.hidden ?? 0);
  return room <= 0 ? Infinity : Math.max(leastFor(q), Math.ceil(((reach * spread) / room) ** 2));
}

/** Farrington and Manning (1990): the bound is as wide as the rates that lie the margin apart make it, the estimate as the true rates do. */
function forDifference(margin: number, { confident, powerful }: { readonly confident: number; readonly powerful: number }, noise: Noise): number {
  const rate = noise.errorRate;
  if (margin <= 0) return Infinity;
  if (margin >= 1) return LEAST_TRIALS;
  const base = likeliestUnder(margin, { events: rate, trials: 1 }, { events: rate, trials: 1 });
  const other = base + margin;
  const [bound, truth] = [base * (1 - base) + other * (1 - other), 2 * rate * (1 - rate)];
  const n = ((confident * Math.sqrt(bound) + powerful * Math.sqrt(truth)) / margin) ** 2 * noise.errorClustering;
  return Math.max(LEAST_TRIALS, Math.ceil(n));
}

function forMismatch(max: number, confidence: number, reach: number, rate: number): number {
  if (rate >= max) return Infinity;
  if (max >= 1) return LEAST_TRIALS;
  if (rate > 0) return Math.max(LEAST_TRIALS, Math.ceil((reach ** 2 * rate * (1 - rate)) / (max - rate) ** 2));
  const enough = (trials: number) => clopperPearson({ events: 0, trials }, confidence).upper <= max;
  let n = Math.ceil(Math.log(1 - confidence) / Math.log1p(-max));
  // The logarithm may be off by one in the last place.
  while (!enough(n)) n++;
  return Math.max(LEAST_TRIALS, n);
}

/** Slots of time: their number decides also how sure the bound is, so both are found together. */
function forMean(margin: number, confidence: number, power: number, deviation: number): number {
  if (margin <= 0) return Infinity;
  let slots = LEAST_SLOTS;
  for (let round = 0; round < 50; round++) {
    const reach = WIDER * (studentQuantile(confidence, cosinesFor(slots)) + normalQuantile(power));
    const next = Math.max(LEAST_SLOTS, Math.ceil(2 * ((reach * deviation) / Math.log1p(margin)) ** 2));
    if (next <= slots) return slots;
    slots = next;
  }
  return slots;
}
