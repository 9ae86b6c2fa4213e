import { binomialSampler } from './binomial.ts';
import { censored, type Censored, countWithin, type Distribution, halfGap, orderStatistic, quantileOf } from './distribution.ts';
import type { Slot } from './evidence.ts';
import { LEAST_SLOTS, longRun, type LongRun, type SlotSums } from './long-run.ts';
import { normalSampler, studentScale } from './normal.ts';
import type { Bounds } from './proportions.ts';
import type { Random } from './random.ts';

const REPLICATES = 2_000;

export interface RatioQuestion {
  readonly slots: readonly Slot[];
  /** 0 to 1, exclusive. */
  readonly q: number;
  readonly confidence: number;
  readonly timeoutMs: number;
  readonly random: Random;
}
/** Candidate ÷ baseline of one quantile. An upper bound of Infinity: the candidate's quantile may lie beyond what was seen. */
export interface Ratio extends Bounds {
  readonly baselineMs: number;
  readonly candidateMs: number;
  readonly estimate: number;
  /** Which of the two bounds was the wider one above: that for independent requests, or that for slots that hang together. */
  readonly method: 'quantileIndexBootstrap' | 'longRunIndexBootstrap' | 'wanders';
  /** How many times wider the variance is than that of independent requests; at least 0. */
  readonly inflation: number;
}

/** Slow drifts move all quantiles, and show best where most requests are. */
const LEVEL = 0.5;
/** A level that wanders says something about a quantile when its own spread is at least this part of the quantile's bound. */
const MATTERS = 0.25;

/**
 * One-sided bounds of the ratio of a quantile, by drawing ranks instead of samples. Ranks are drawn several times: as those of independent requests,
 * with the variance that the slots show over the run at this quantile, and with the variance of the level of both sides. The widest
 * bound counts, so that neither independence nor a good estimate of the dependence has to be believed.
 */
export function quantileRatio(question: RatioQuestion): Ratio {
  const { slots, q, timeoutMs, confidence } = question;
  const sides = { baseline: censored(slots, 'baseline', timeoutMs), candidate: censored(slots, 'candidate', timeoutMs) };
  const [baselineMs, candidateMs] = [quantileOf(sides.baseline.early, q, timeoutMs), quantileOf(sides.candidate.early, q, timeoutMs)];
  const common = { baselineMs, candidateMs, estimate: candidateMs / baselineMs };
  const independent = boundsOf(sides, confidence, independentRanks(sides, question));
  if (slots.length < LEAST_SLOTS) return { ...common, ...independent, method: 'quantileIndexBootstrap', inflation: 1 };
  const own = dependenceAt(sides, slots, q, timeoutMs);
  const level = q === LEVEL ? own : dependenceAt(sides, slots, LEVEL, timeoutMs);
  const found = [own, ...(level === own ? [] : [movedTo(level, own.slopes)])].map((each) => boundsOf(sides, confidence, dependentRanks(sides, each, question)));
  const lower = Math.min(independent.lower, ...found.map((each) => each.lower));
  const upper = Math.max(independent.upper, ...found.map((each) => each.upper));
  const reach = (Math.log(upper) - Math.log(Math.max(lower, 1e-9))) / 2;
  if (own.series.wanders || (level.series.wanders && spreadOf(level, sides) > MATTERS * reach)) {
    return { ...common, lower: 0, upper: Infinity, method: 'wanders', inflation: Infinity };
  }
  const inflation = (own.series.first / sides.baseline.early.n + own.series.second / sides.candidate.early.n) / (2 * q * (1 - q));
  return { ...common, lower, upper, method: upper > independent.upper ? 'longRunIndexBootstrap' : 'quantileIndexBootstrap', inflation };
}

/** How ranks at a quantile depend on each other over time; differences are weighed by what they do to the logarithm of the ratio. */
function dependenceAt({ baseline, candidate }: Sides, slots: readonly Slot[], q: number, timeoutMs: number): Dependence {
  const slopes = { baseline: slopeAt(baseline.early, q), candidate: slopeAt(candidate.early, q) };
  const weighted = (side: 'baseline' | 'candidate', ms: number) => {
    const { sums, n } = deviations(slots, side, ms, timeoutMs);
    return { sums, n: n / slopes[side] };
  };
  const old = weighted('baseline', quantileOf(baseline.early, q, timeoutMs));
  return { series: longRun(old, weighted('candidate', quantileOf(candidate.early, q, timeoutMs))), slopes };
}

/** The same errors of the logarithm of the ratio as errors of ranks at another quantile. */
function movedTo({ series, slopes: from }: Dependence, slopes: Dependence['slopes']): Dependence {
  const [old, fresh] = [from.baseline / slopes.baseline, from.candidate / slopes.candidate];
  return { slopes, series: { ...series, first: series.first * old ** 2, second: series.second * fresh ** 2, both: series.both * old * fresh } };
}

/** Standard deviation of the logarithm of the ratio. */
function spreadOf({ series, slopes }: Dependence, { baseline, candidate }: Sides): number {
  const [old, fresh] = [slopes.baseline / baseline.early.n, slopes.candidate / candidate.early.n];
  return Math.sqrt(Math.max(0, series.first * old ** 2 + series.second * fresh ** 2 - 2 * series.both * old * fresh));
}

interface Sides {
  readonly baseline: Censored;
  readonly candidate: Censored;
}
type DrawRanks = () => readonly [baseline: number, candidate: number];

/** The rank of a quantile in a Poisson bootstrap sample is Binomial(n + 1, q) (Schultzberg and Ankargren 2022). */
function independentRanks({ baseline, candidate }: Sides, { q, random }: RatioQuestion): DrawRanks {
  const [old, fresh] = [binomialSampler(baseline.early.n + 1, q), binomialSampler(candidate.early.n + 1, q)];
  return () => [old(random), fresh(random)];
}

interface Dependence {
  readonly series: LongRun;
  readonly slopes: { readonly baseline: number; readonly candidate: number };
}

/**
 * Errors of both ranks, drawn together. Of these only what changes the ratio is kept: errors that move both quantiles by the same factor, as
 * everything does that slows both sides at once, would only carry the ranks to where little is known of the distributions.
 */
function dependentRanks({ baseline, candidate }: Sides, { series, slopes }: Dependence, { q, random }: RatioQuestion): DrawRanks {
  const normal = normalSampler(random);
  const scale = studentScale(random, series.degrees);
  const [old, fresh] = [(baseline.early.n + 1) * q, (candidate.early.n + 1) * q];
  const spread = Math.sqrt(series.first);
  const shared = spread === 0 ? 0 : series.both / spread;
  const own = Math.sqrt(Math.max(0, series.second - shared * shared));
  // Errors along this direction leave the ratio as it is.
  const same = { baseline: baseline.early.n / slopes.baseline, candidate: candidate.early.n / slopes.candidate };
  const square = same.baseline ** 2 + same.candidate ** 2;
  return () => {
    const [x, y, wide] = [normal(), normal(), scale()];
    const [first, second] = [spread * x * wide, (shared * x + own * y) * wide];
    const along = (first * same.baseline + second * same.candidate) / square;
    return [Math.round(old + first - along * same.baseline), Math.round(fresh + second - along * same.candidate)];
  };
}

/** How fast the logarithm of the latency rises with its rank, at a quantile: by how far the ranks beside it lie apart. */
export function slopeAt(side: Distribution, q: number): number {
  // Wide enough for several steps of values that are rounded.
  const reach = Math.max(2 * Math.sqrt(side.n * q * (1 - q)), 0.1 * side.n * Math.min(q, 1 - q));
  const ranks = [side.n * q + reach, side.n * q - reach].map((rank) => Math.min(side.n, Math.max(1, Math.round(rank))));
  const [high = 1, low = 1] = ranks;
  const rise = Math.log(orderStatistic(side, high, Infinity) / orderStatistic(side, low, Infinity));
  // A bucket at least: ties say nothing about the slope.
  return (Math.max(0.001, rise) / Math.max(1, high - low)) * side.n;
}

/** A request without a good answer counts as the value that makes each bound the careful one; so does what rounding hides. */
function boundsOf({ baseline, candidate }: Sides, confidence: number, draw: DrawRanks): Bounds {
  const low = new Float64Array(REPLICATES);
  const high = new Float64Array(REPLICATES);
  const grid = halfGap(baseline.early, candidate.early);
  const at = (side: Censored['early'], rank: number, direction: 1 | -1) => {
    const ms = rank > side.n ? Infinity : orderStatistic(side, Math.max(1, rank), Infinity);
    return Math.max(0.0005, ms + direction * Math.max(grid, ms * 0.001));
  };
  const last = (side: Censored['early'], rank: number) => Math.min(rank, side.n);
  for (let index = 0; index < REPLICATES; index++) {
    const [old, fresh] = draw();
    low[index] = at(candidate.early, last(candidate.early, fresh), -1) / at(baseline.late, old, 1);
    high[index] = at(candidate.late, fresh, 1) / at(baseline.early, last(baseline.early, old), -1);
  }
  low.sort();
  high.sort();
  const tail = Math.floor((1 - confidence) * REPLICATES);
  return { lower: low[tail] ?? 0, upper: high[REPLICATES - 1 - tail] ?? Infinity };
}

/** Per slot: how many more requests than expected were answered within `ms`. */
export function deviations(slots: readonly Slot[], side: 'baseline' | 'candidate', ms: number, timeoutMs: number): SlotSums {
  const counts = slots.map((slot) => countWithin(slot[side], ms, timeoutMs));
  const within = counts.reduce((sum, count) => sum + count.within, 0);
  const n = counts.reduce((sum, count) => sum + count.n, 0);
  return { sums: counts.map((count) => count.within - (count.n * within) / n), n };
}
