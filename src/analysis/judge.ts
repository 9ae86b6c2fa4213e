import type { Slot } from './evidence.ts';
import { judgeSampled } from './judge-sampled.ts';
import { type Metric, quantileIn } from './metric.ts';
import { quantileRatio } from './quantile-ratio.ts';
import { createRandom } from './random.ts';
import { baseOf, noData, result } from './result.ts';
import type { MetricSeries } from './series.ts';
import { failures, sum } from './slots.ts';
import { oneShare, type ShareBounds, shareDifference, shareShortfall } from './shares.ts';
import type { JudgeOptions, MetricResult } from './verdict.ts';

/** Ranks beyond a quantile that its bound needs. */
export const LEAST_BEYOND = 30;
/** Trials below which a share says nothing. */
export const LEAST_TRIALS = 30;

/** What one part of a measurement saw. */
export interface Measured {
  readonly slots: readonly Slot[];
  readonly timeoutMs: number;
  /** Metrics that were sampled beside the probe. */
  readonly sampled: readonly MetricSeries[];
}
type OfKind<K extends Metric['kind']> = Extract<Metric, { kind: K }>;

/** Judge one metric: one result, or one for each quantile. */
export function judgeMetric(metric: Metric, measured: Measured, options: JudgeOptions): readonly MetricResult[] {
  switch (metric.kind) {
    case 'latency':
      return Object.entries(metric.quantiles).map(([name, margin]) => judgeQuantile(metric, { name, margin }, measured, options));
    case 'rate':
      return [judgeRate(metric, measured, options)];
    case 'mismatch':
      return [judgeMismatch(metric, measured, options)];
    case 'throughput':
      return [judgeThroughput(metric, measured, options)];
    case 'numeric':
    case 'ratio':
      return [judgeSampled(metric, measured.sampled, options)];
  }
}

/** Requests per side that a quantile needs before it says anything. */
export function leastFor(q: number): number {
  // The subtraction keeps 30 ÷ 0.05 from becoming 601.
  return Math.max(Math.ceil(LEAST_BEYOND / (1 - q) - 1e-6), Math.ceil(LEAST_BEYOND / q - 1e-6));
}

function judgeQuantile(
  metric: OfKind<'latency'>,
  { name, margin }: { readonly name: string; readonly margin: number },
  { slots, timeoutMs }: Measured,
  { confidence, seed }: JudgeOptions,
): MetricResult {
  const label = `${metric.name} ${name}`;
  const q = quantileIn(name);
  const timed = (side: 'baseline' | 'candidate') => sum(slots, (slot) => slot[side].sent - slot[side].errors.server - slot[side].errors.transport);
  const n = Math.min(timed('baseline'), timed('candidate'));
  const base = { ...baseOf(metric, n, margin), label };
  const need = Math.max(metric.minSamples ?? 0, leastFor(q));
  if (n < need) return noData(base, need);
  const ratio = quantileRatio({ slots, q, confidence, timeoutMs, random: createRandom(seed, label) });
  const bounds = { lower: ratio.lower - 1, upper: ratio.upper - 1, estimate: ratio.estimate - 1 };
  return result(base, { ...bounds, baseline: ratio.baselineMs, candidate: ratio.candidateMs, method: ratio.method, inflation: ratio.inflation });
}

function judgeRate(metric: OfKind<'rate'>, { slots }: Measured, { confidence }: JudgeOptions): MetricResult {
  const counts = slots.map((slot) => ({ baseline: failures(slot, 'baseline'), candidate: failures(slot, 'candidate') }));
  return judgeShares(metric, { counts, margin: metric.margin, bounds: () => shareDifference(counts, confidence) });
}

function judgeThroughput(metric: OfKind<'throughput'>, { slots }: Measured, { confidence }: JudgeOptions): MetricResult {
  const good = (slot: Slot, side: 'baseline' | 'candidate') => {
    const { events, trials } = failures(slot, side);
    return { events: trials - events, trials };
  };
  const counts = slots.map((slot) => ({ baseline: good(slot, 'baseline'), candidate: good(slot, 'candidate') }));
  return judgeShares(metric, { counts, margin: metric.margin, bounds: () => shareShortfall(counts, confidence) });
}

interface ShareQuestion {
  readonly counts: readonly { readonly baseline: { readonly trials: number }; readonly candidate: { readonly trials: number } }[];
  readonly margin: number;
  readonly bounds: () => ShareBounds;
}

function judgeShares(metric: OfKind<'rate' | 'throughput'>, { counts, margin, bounds }: ShareQuestion): MetricResult {
  const n = Math.min(
    sum(counts, ({ baseline }) => baseline.trials),
    sum(counts, ({ candidate }) => candidate.trials),
  );
  const need = Math.max(metric.minSamples ?? 0, LEAST_TRIALS);
  return n < need ? noData(baseOf(metric, n, margin), need) : result(baseOf(metric, n, margin), bounds());
}

function judgeMismatch(metric: OfKind<'mismatch'>, { slots }: Measured, { confidence }: JudgeOptions): MetricResult {
  const counts = slots.map(({ parity }) => ({ events: parity.mismatches, trials: parity.compared }));
  const n = sum(counts, ({ trials }) => trials);
  const need = Math.max(metric.minSamples ?? 0, LEAST_TRIALS);
  const base = baseOf(metric, n, metric.max);
  return n < need ? noData(base, need) : result(base, oneShare(counts, confidence));
}
