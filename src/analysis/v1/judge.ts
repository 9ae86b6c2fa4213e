import type { Evidence, Slot } from '../evidence.ts';
import { quantileIn } from '../metric.ts';
import type { Metric } from './metric.ts';
import { type Bounds, clopperPearson, differenceBounds } from '../proportions.ts';
import { quantileRatio } from './quantile-ratio.ts';
import { createRandom } from '../random.ts';
import type { MetricResult, VerdictName } from './verdict.ts';
import { count, sentenceOf } from './words.ts';

/** Ranks beyond a quantile that its bound needs. */
export const LEAST_BEYOND = 30;
/** Trials below which a rate says nothing. */
export const LEAST_TRIALS = 30;

export interface JudgeOptions {
  readonly confidence: number;
  readonly seed: number;
}
type Measured = Pick<Evidence, 'timeoutMs'> & { readonly slots: readonly Slot[] };

/** Judge one metric: one result, or one for each quantile. */
export function judgeMetric(metric: Metric, measured: Measured, options: JudgeOptions): readonly MetricResult[] {
  switch (metric.kind) {
    case 'latency':
      return Object.entries(metric.quantiles).map(([name, margin]) => judgeQuantile(metric, { name, margin }, measured, options));
    case 'rate':
      return [judgeRate(metric, measured, options)];
    case 'mismatch':
      return [judgeMismatch(metric, measured, options)];
  }
}

function judgeQuantile(
  metric: Extract<Metric, { kind: 'latency' }>,
  { name, margin }: { readonly name: string; readonly margin: number },
  { slots, timeoutMs }: Measured,
  { confidence, seed }: JudgeOptions,
): MetricResult {
  const label = `${metric.name} ${name}`;
  const q = quantileIn(name);
  const timed = (side: 'baseline' | 'candidate') => sum(slots, (slot) => slot[side].sent - slot[side].errors.server - slot[side].errors.transport);
  const n = Math.min(timed('baseline'), timed('candidate'));
  const need = Math.max(metric.minSamples ?? 0, Math.ceil(LEAST_BEYOND / (1 - q) - 1e-6), Math.ceil(LEAST_BEYOND / q - 1e-6));
  const base = { name: metric.name, label, kind: metric.kind, critical: metric.critical ?? true, n, margin };
  if (n < need) return noData(base, need);
  const ratio = quantileRatio({ slots, q, confidence, timeoutMs, random: createRandom(seed, label) });
  const bounds = { lower: ratio.lower - 1, upper: ratio.upper - 1 };
  return result(base, { ...bounds, baseline: ratio.baselineMs, candidate: ratio.candidateMs, estimate: ratio.estimate - 1, method: ratio.method });
}

function judgeRate(metric: Extract<Metric, { kind: 'rate' }>, { slots }: Measured, { confidence }: JudgeOptions): MetricResult {
  const side = (which: 'baseline' | 'candidate') => ({
    trials: sum(slots, (slot) => slot[which].sent),
    events: sum(slots, ({ [which]: { errors } }) => errors.server + errors.transport + errors.timeout),
  });
  const [baseline, candidate] = [side('baseline'), side('candidate')];
  const n = Math.min(baseline.trials, candidate.trials);
  const need = metric.minSamples ?? LEAST_TRIALS;
  const base = { name: metric.name, label: metric.name, kind: metric.kind, critical: metric.critical ?? true, n, margin: metric.margin };
  if (n < need) return noData(base, need);
  const rates = { baseline: baseline.events / baseline.trials, candidate: candidate.events / candidate.trials };
  const bounds = differenceBounds(baseline, candidate, confidence);
  const method = baseline.events + candidate.events === 0 ? 'clopperPearson' : 'miettinenNurminen';
  return result(base, { ...bounds, ...rates, estimate: rates.candidate - rates.baseline, method });
}

function judgeMismatch(metric: Extract<Metric, { kind: 'mismatch' }>, { slots }: Measured, { confidence }: JudgeOptions): MetricResult {
  const trials = sum(slots, ({ parity }) => parity.compared);
  const events = sum(slots, ({ parity }) => parity.mismatches);
  const need = metric.minSamples ?? LEAST_TRIALS;
  const base = { name: metric.name, label: metric.name, kind: metric.kind, critical: metric.critical ?? true, n: trials, margin: metric.max };
  if (trials < need) return noData(base, need);
  const rate = events / trials;
  return result(base, { ...clopperPearson({ events, trials }, confidence), baseline: null, candidate: rate, estimate: rate, method: 'clopperPearson' });
}

type Base = Pick<MetricResult, 'name' | 'label' | 'kind' | 'critical' | 'n' | 'margin'>;
type Measurement = Bounds & Pick<MetricResult, 'baseline' | 'candidate' | 'method'> & { readonly estimate: number };

function result(base: Base, { lower, upper, baseline, candidate, estimate, method }: Measurement): MetricResult {
  const verdict: VerdictName = upper <= base.margin ? 'pass' : lower > base.margin ? 'fail' : 'inconclusive';
  const sentence = sentenceOf({ ...base, verdict, estimate, lower, upper });
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return { ...base, verdict, baseline, candidate, estimate, lower: finite(lower), upper: finite(upper), method, sentence };
}

function noData(base: Base, need: number): MetricResult {
  const unit = base.kind === 'mismatch' ? 'compared pairs' : 'requests per side';
  const sentence = `${base.label} needs ${count(need)} ${unit}, there are ${count(base.n)}`;
  return { ...base, verdict: 'noData', baseline: null, candidate: null, estimate: null, lower: null, upper: null, method: 'none', sentence };
}

function sum(slots: readonly Slot[], value: (slot: Slot) => number): number {
  return slots.reduce((total, slot) => total + value(slot), 0);
}
