import { clusteringOf, type PairedCount } from './clusters.ts';
import { censored, type Distribution, halfGap, quantileOf } from './distribution.ts';
import type { Evidence, Slot } from './evidence.ts';
import { leastFor } from './judge.ts';
import { LEAST_SLOTS, longRun } from './long-run.ts';
import { type Metric, quantileIn } from './metric.ts';
import { deviations, slopeAt } from './quantile-ratio.ts';
import { failures, sum } from './slots.ts';

/** What is believed about the systems before they are measured, or was measured of them before. */
export interface Noise {
  /** Share of requests of the baseline that fail. */
  readonly errorRate: number;
  /** Factor on the variance of failures, because they come in bursts. */
  readonly errorClustering: number;
  /** Share of answers that differ anyway. */
  readonly mismatchRate: number;
  /** Standard deviation of the logarithm of the latency, for quantiles that were not measured. */
  readonly logDeviation: number;
  readonly quantiles: { readonly [name: string]: QuantileNoise };
  /** Standard deviation of one slot of a numeric metric, as a fraction of its mean. */
  readonly slotDeviation: number;
}
export interface QuantileNoise {
  /** Standard deviation of the logarithm of the ratio of the sides, times the root of the requests per side. */
  readonly spread: number;
  /** What rounding hides of the ratio, as a fraction. */
  readonly hidden: number;
}

/** A web service: log-normal latency, one request in a thousand fails, each by itself. */
export const ASSUMED: Noise = {
  errorRate: 0.001,
  errorClustering: 1,
  mismatchRate: 0,
  logDeviation: 0.6,
  quantiles: {},
  slotDeviation: 0.1,
};

/** What bounds cost more when slots are correlated, as simulations show it. */
const CORRELATED = 2;

/** What an earlier dual run tells about the noise of the next one. Whatever it has too little of stays assumed. */
export function noiseOf({ slots, abCheck, timeoutMs }: Pick<Evidence, 'slots' | 'abCheck' | 'timeoutMs'>, metrics: readonly Metric[]): Noise {
  const counts = slots.map((slot) => ({ baseline: failures(slot, 'baseline'), candidate: failures(slot, 'candidate') }));
  const [failed, sent] = [sum(counts, ({ baseline }) => baseline.events), sum(counts, ({ baseline }) => baseline.trials)];
  if (sent === 0) return ASSUMED;
  const names = metrics.flatMap((metric) => (metric.kind === 'latency' ? Object.keys(metric.quantiles) : []));
  const compared = sum(abCheck ?? [], ({ parity }) => parity.compared);
  return {
    ...ASSUMED,
    // Half an event: none seen does not mean that there are none.
    errorRate: (failed + 0.5) / (sent + 1),
    errorClustering: clusteringNoise(counts),
    mismatchRate: compared === 0 ? 0 : sum(abCheck ?? [], ({ parity }) => parity.mismatches) / compared,
    quantiles: Object.fromEntries(names.flatMap((name) => quantileNoise(name, slots, timeoutMs))),
  };
}

function clusteringNoise(counts: readonly PairedCount[]): number {
  const { effect, correlated, factor } = clusteringOf(counts);
  return Math.max(1, effect * (correlated ? CORRELATED : 1 / factor));
}

function quantileNoise(name: string, slots: readonly Slot[], timeoutMs: number): readonly (readonly [string, QuantileNoise])[] {
  const q = quantileIn(name);
  const sides = [censored(slots, 'baseline', timeoutMs), censored(slots, 'candidate', timeoutMs)] as const;
  const [baseline, candidate] = [sides[0].early, sides[1].early];
  if (Math.min(baseline.n, candidate.n) < leastFor(q)) return [];
  const ms = { baseline: quantileOf(baseline, q, timeoutMs), candidate: quantileOf(candidate, q, timeoutMs) };
  // Where good answers are missing, the bound stands farther out, and ranks lie farther apart there.
  const [old = 0, fresh = 0] = sides.map(({ early, late }) => Math.max(logDeviationAt(early, q), logDeviationAt(late, q)));
  const spread = Math.hypot(old, fresh);
  const rounded = (2 * halfGap(baseline, candidate)) / Math.min(ms.baseline, ms.candidate);
  // Requests without a good answer may hide a slower quantile.
  const hidden = rounded + Math.max(...sides.map(({ early, late }) => Math.log(quantileOf(late, q, Infinity) / quantileOf(early, q, timeoutMs))));
  return [[name, { spread: spread * Math.sqrt(dependence(slots, { q, ms, timeoutMs })), hidden }]];
}

/** Standard deviation of the logarithm of one side's quantile, times the root of its requests. */
function logDeviationAt(side: Distribution, q: number): number {
  return slopeAt(side, q) * Math.sqrt(q * (1 - q));
}

interface At {
  readonly q: number;
  readonly ms: { readonly baseline: number; readonly candidate: number };
  readonly timeoutMs: number;
}
function dependence(slots: readonly Slot[], { q, ms, timeoutMs }: At): number {
  if (slots.length < LEAST_SLOTS) return 1;
  const [old, fresh] = [deviations(slots, 'baseline', ms.baseline, timeoutMs), deviations(slots, 'candidate', ms.candidate, timeoutMs)];
  const { first, second, both, factor, correlated } = longRun(old, fresh);
  const seen = first / old.n ** 2 + second / fresh.n ** 2 - (2 * both) / (old.n * fresh.n);
  // A correlation that may be chance is no reason to plan for one; one that is none costs also what it takes to be sure of it.
  return Math.max(1, (seen / (q * (1 - q) * (1 / old.n + 1 / fresh.n))) * (correlated ? CORRELATED : 1 / factor));
}
