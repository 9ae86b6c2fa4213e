import type { Metric } from './metric.ts';
import type { Bounds } from './proportions.ts';
import type { MetricResult, VerdictName } from './verdict.ts';
import { needs, sentenceOf } from './words.ts';

export type Base = Pick<MetricResult, 'name' | 'label' | 'kind' | 'critical' | 'n' | 'margin'> & { readonly unit?: string };
export type Measurement = Bounds & Pick<MetricResult, 'baseline' | 'candidate' | 'method'> & { readonly estimate: number; readonly inflation: number | null };

/** What is known of a metric before it is measured. */
export function baseOf(metric: Metric, n: number, margin: number): Base {
  return { name: metric.name, label: metric.name, kind: metric.kind, critical: metric.critical ?? true, n, margin };
}

/** pass when the whole interval is within the margin, fail when all of it is beyond. */
export function result(base: Base, { lower, upper, baseline, candidate, estimate, method, inflation }: Measurement): MetricResult {
  const verdict: VerdictName = method === 'wanders' ? 'inconclusive' : upper <= base.margin ? 'pass' : lower > base.margin ? 'fail' : 'inconclusive';
  const sentence = sentenceOf({ ...base, verdict, estimate, lower, upper, method });
  const finite = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null);
  const numbers = { baseline: finite(baseline), candidate: finite(candidate), estimate: finite(estimate), lower: finite(lower), upper: finite(upper) };
  return { ...base, verdict, ...numbers, method, sentence, inflation: finite(inflation) };
}

/** @param why instead of the sentence that says how many are needed. */
export function noData(base: Base, need: number, why?: string): MetricResult {
  const nothing = { baseline: null, candidate: null, estimate: null, lower: null, upper: null, inflation: null };
  return { ...base, verdict: 'noData', ...nothing, method: 'none', sentence: why ?? needs(base, need) };
}
