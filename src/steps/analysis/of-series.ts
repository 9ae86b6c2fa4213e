import type { MetricResult, Series } from '../../analysis/index.ts';
import type { AnalysisInput } from './shape.ts';

type Sourced = Extract<AnalysisInput['metrics'][number], { kind: 'numeric' | 'ratio' }>;
type Samples = Series['metrics'][number]['slots'][number];
interface Slot {
  readonly baseline: { readonly sum: number; readonly weight: number };
  readonly candidate: { readonly sum: number; readonly weight: number };
}
const LEAST_SLOTS = 5;
/** One-sided 95 %. */
const Z = 1.645;

/** Judge a metric of a series: a jackknife over slots where both sides have data. */
export function judgeSeries(metric: Sourced, series: Series | undefined): MetricResult {
  const slots = (series?.metrics.find(({ name }) => name === metric.name)?.slots ?? []).flatMap(slotOf);
  const base = { name: metric.name, label: metric.name, kind: 'rate' as const, critical: metric.critical ?? true, n: slots.length, margin: metric.margin };
  if (slots.length < Math.max(LEAST_SLOTS, metric.minSamples ?? 0)) {
    const none = { baseline: null, candidate: null, estimate: null, lower: null, upper: null };
    return {
      ...base,
      ...none,
      verdict: 'noData',
      method: 'none',
      sentence: `${metric.name} has data of both sides for ${slots.length} slots, which is too little`,
    };
  }
  const [baseline, candidate] = [meanOf(slots, 'baseline'), meanOf(slots, 'candidate')];
  const worse = (some: readonly Slot[]): number => {
    const [old, fresh] = [meanOf(some, 'baseline'), meanOf(some, 'candidate')];
    const change = metric.kind === 'ratio' ? fresh - old : fresh / old - 1;
    return metric.direction === 'lower' ? change : -change;
  };
  const estimate = worse(slots);
  const left = slots.map((_, index) => worse(slots.toSpliced(index, 1)));
  const mean = left.reduce((sum, value) => sum + value, 0) / left.length;
  const error = Math.sqrt(((left.length - 1) / left.length) * left.reduce((sum, value) => sum + (value - mean) ** 2, 0));
  const [lower, upper] = [estimate - Z * error, estimate + Z * error];
  const verdict = upper <= metric.margin ? 'pass' : lower > metric.margin ? 'fail' : 'inconclusive';
  const sentence = `${metric.name}: ${baseline.toPrecision(4)} before and ${candidate.toPrecision(4)} after`;
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return { ...base, baseline, candidate, estimate: finite(estimate), lower: finite(lower), upper: finite(upper), verdict, method: 'none', sentence };
}

function slotOf({ baseline, candidate }: Samples): readonly Slot[] {
  if (baseline === null || candidate === null) return [];
  const of = (sample: NonNullable<Samples['baseline']>) =>
    'value' in sample ? { sum: sample.value * sample.weight, weight: sample.weight } : { sum: sample.events, weight: sample.trials };
  return [{ baseline: of(baseline), candidate: of(candidate) }];
}

function meanOf(slots: readonly Slot[], side: keyof Slot): number {
  return slots.reduce((sum, slot) => sum + slot[side].sum, 0) / slots.reduce((sum, slot) => sum + slot[side].weight, 0);
}
