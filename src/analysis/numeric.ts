import { LEAST_SLOTS, longRun, type LongRun } from './long-run.ts';
import type { Bounds } from './proportions.ts';
import { studentQuantile } from './special.ts';

/** The mean of a metric over one slot, of both sides. */
export interface PairedMean {
  readonly baseline: WeightedMean;
  readonly candidate: WeightedMean;
}
interface WeightedMean {
  readonly value: number;
  readonly weight: number;
}
/** Candidate ÷ baseline of a mean. */
export interface MeanRatio extends Bounds {
  readonly baseline: number;
  readonly candidate: number;
  readonly estimate: number;
  readonly method: 'fieller' | 'longRunFieller' | 'wanders';
  readonly inflation: number | null;
}

/**
 * Fieller's bounds of the ratio of two weighted means over the same slots, once with independent slots and once with the long-run variance of the paired
 * slots; the wider bound counts. A baseline that may be zero gives bounds without end.
 *
 * @param slots at least LEAST_SLOTS.
 */
export function meanRatio(slots: readonly PairedMean[], confidence: number): MeanRatio {
  if (slots.length < LEAST_SLOTS) throw new RangeError(`${slots.length} slots are too few for a ratio of means`);
  const [old, fresh] = [influence(slots, 'baseline'), influence(slots, 'candidate')];
  const found = { baseline: old.mean, candidate: fresh.mean, estimate: fresh.mean / old.mean };
  const series = longRun({ sums: old.sums, n: 1 }, { sums: fresh.sums, n: 1 });
  if (series.wanders) return { ...found, lower: -Infinity, upper: Infinity, method: 'wanders', inflation: null };
  const plain = independent(old.sums, fresh.sums);
  const usual = fieller(old.mean, fresh.mean, { variance: plain, t: studentQuantile(confidence, plain.degrees) });
  const raised = fieller(old.mean, fresh.mean, { variance: series, t: studentQuantile(confidence, series.degrees) });
  const wide = { lower: Math.min(usual.lower, raised.lower), upper: Math.max(usual.upper, raised.upper) };
  const spread = ({ first, second, both }: LongRun) => second - 2 * found.estimate * both + found.estimate ** 2 * first;
  const inflation = spread(plain) > 0 ? spread(series) / spread(plain) : null;
  return { ...found, ...wide, method: raised.upper > usual.upper ? 'longRunFieller' : 'fieller', inflation };
}

/** What each slot adds to the error of the mean. */
function influence(slots: readonly PairedMean[], side: keyof PairedMean) {
  const weight = slots.reduce((sum, slot) => sum + slot[side].weight, 0);
  const mean = slots.reduce((sum, slot) => sum + slot[side].weight * slot[side].value, 0) / weight;
  return { mean, sums: slots.map((slot) => (slot[side].weight * (slot[side].value - mean)) / weight) };
}

function independent(first: readonly number[], second: readonly number[]): LongRun {
  const slots = first.length;
  const product = (a: readonly number[], b: readonly number[]) => (a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0) * slots) / (slots - 1);
  return {
    first: product(first, first),
    second: product(second, second),
    both: product(first, second),
    degrees: slots - 1,
    factor: 1,
    correlated: false,
    wanders: false,
  };
}

/** Ratios r for which candidate - r · baseline is not farther from 0 than t standard errors (Fieller 1954). */
export function fieller(baseline: number, candidate: number, { variance, t }: { readonly variance: LongRun; readonly t: number }): Bounds {
  const { first, second, both } = variance;
  const a = baseline ** 2 - t ** 2 * first;
  const b = baseline * candidate - t ** 2 * both;
  const c = candidate ** 2 - t ** 2 * second;
  const root = b * b - a * c;
  if (a <= 0 || root < 0) return { lower: -Infinity, upper: Infinity };
  return { lower: (b - Math.sqrt(root)) / a, upper: (b + Math.sqrt(root)) / a };
}
