import { LEAST_SLOTS } from './long-run.ts';
import type { Metric } from './metric.ts';
import { meanRatio, type PairedMean } from './numeric.ts';
import { baseOf, noData, result } from './result.ts';
import type { MetricSeries } from './series.ts';
import { shareDifference } from './shares.ts';
import type { JudgeOptions, MetricResult } from './verdict.ts';
import { count, percent } from './words.ts';

/**
 * Most of the slots that may be missing on either side. A source that is silent is often silent because its system is in trouble, so what it
 * would have said cannot be guessed from the rest.
 */
export const MOST_MISSING = 0.1;

type Sampled = Extract<Metric, { kind: 'numeric' | 'ratio' }>;

/** Judge a metric that was sampled beside the probe. A gap is no data, and too many gaps are no data for the whole metric. */
export function judgeSampled(metric: Sampled, series: readonly MetricSeries[], { confidence }: JudgeOptions): MetricResult {
  const found = series.find(({ name }) => name === metric.name);
  const empty = baseOf(metric, 0, metric.margin);
  if (!found) return noData(empty, LEAST_SLOTS, `${metric.name} was not sampled`);
  if (found.kind !== metric.kind) return noData(empty, LEAST_SLOTS, `${metric.name} was sampled as ${found.kind}, and ${metric.kind} is asked`);
  const unit = found.unit === undefined ? {} : { unit: found.unit };
  const usable = found.kind === 'numeric' ? meansOf(found) : countsOf(found);
  const base = { ...baseOf(metric, usable.length, metric.margin), ...unit };
  const all = found.slots.length;
  const missing = all - usable.length;
  if (missing > all * MOST_MISSING) {
    return noData(base, LEAST_SLOTS, `${metric.name} has gaps: ${count(missing)} of ${count(all)} slots miss a value, and ${percent(MOST_MISSING)} may`);
  }
  const need = Math.max(LEAST_SLOTS, metric.kind === 'numeric' ? (metric.minSamples ?? 0) : 0);
  if (usable.length < need) return noData(base, need);
  return found.kind === 'numeric' ? judgeMean(metric, base, meansOf(found), confidence) : judgeShare(metric, base, countsOf(found), confidence);
}

type Base = ReturnType<typeof baseOf> & { readonly unit?: string };

function judgeMean(metric: Sampled, base: Base, slots: readonly PairedMean[], confidence: number): MetricResult {
  const ratio = meanRatio(slots, confidence);
  if (!(ratio.baseline > 0)) return noData(base, LEAST_SLOTS, `${metric.name} is ${ratio.baseline} on the old side, and there is no share of that`);
  const { baseline, candidate, method, inflation } = ratio;
  const worse = metric.direction === 'lower' ? (value: number) => value - 1 : (value: number) => 1 - value;
  const [one, other] = [worse(ratio.lower), worse(ratio.upper)];
  const bounds = { lower: Math.min(one, other), upper: Math.max(one, other), estimate: worse(ratio.estimate) };
  return result(base, { ...bounds, baseline, candidate, method, inflation });
}

function judgeShare(metric: Sampled, base: Base, slots: ReturnType<typeof countsOf>, confidence: number): MetricResult {
  const trials = (side: 'baseline' | 'candidate') => slots.reduce((sum, slot) => sum + slot[side].trials, 0);
  const n = Math.min(trials('baseline'), trials('candidate'));
  const counted = { ...base, n };
  const need = Math.max(metric.minSamples ?? 0, 1);
  if (n < need) return noData(counted, need);
  const found = shareDifference(slots, confidence);
  if (metric.direction === 'lower') return result(counted, found);
  return result(counted, { ...found, lower: -found.upper, upper: -found.lower, estimate: -found.estimate });
}

function meansOf({ slots }: Extract<MetricSeries, { kind: 'numeric' }>) {
  return slots.flatMap(({ baseline, candidate }) => (baseline && candidate ? [{ baseline, candidate }] : []));
}

function countsOf({ slots }: Extract<MetricSeries, { kind: 'ratio' }>) {
  return slots.flatMap(({ baseline, candidate }) => (baseline && candidate ? [{ baseline, candidate }] : []));
}
