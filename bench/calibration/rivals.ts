import { type Slot, distributionOf, quantileOf } from '../../src/analysis/index.ts';
import { normalQuantile } from '../../src/analysis/special.ts';
import { SLOTS, TIMEOUT_MS } from './shapes.ts';

/**
 * Rules of other tools, written down again from what their documentation says; none of their code is used. They see the same slots, as minutes.
 * Where a threshold has to be chosen, they get the best that anybody could choose: the true limit of the traffic, which nobody knows in production.
 */
export interface Rival {
  readonly name: string;
  readonly rule: string;
  readonly passes: (slots: readonly Slot[], limits: Limits) => boolean;
}
/** What the candidate may be at most: quantiles in milliseconds, share of failures. */
export interface Limits {
  readonly quantiles: { readonly [name: string]: number };
  readonly errorRate: number;
}

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
type QuantileName = keyof typeof QUANTILES;
const NAMES: readonly QuantileName[] = ['p50', 'p95', 'p99'];
type Side = 'baseline' | 'candidate';

/** One number a minute, as a metrics store would have it; minutes without answers have none. */
function perMinute(slots: readonly Slot[], side: Side, name: QuantileName): readonly number[] {
  return slots.flatMap((slot) => {
    const distribution = distributionOf([slot[side]]);
    return distribution.n === 0 ? [] : [quantileOf(distribution, QUANTILES[name], TIMEOUT_MS)];
  });
}

function errorsPerMinute(slots: readonly Slot[], side: Side): readonly number[] {
  return slots.flatMap(({ [side]: { sent, errors } }) => {
    return sent === 0 ? [] : [(errors.server + errors.transport + errors.timeout + (errors.retry ?? 0)) / sent];
  });
}

/** Kayenta, NetflixACAJudge: a metric is High when the 98 % confidence interval of the Hodges-Lehmann shift lies above a quarter of its own estimate. */
const kayenta: Rival = {
  name: 'Kayenta',
  rule: 'Mann-Whitney interval (98 %) of the shift between the minutes of both sides; a metric fails when the interval lies above 0.25 × |estimated shift|; all metrics must pass',
  passes: (slots) => {
    const metrics = [...NAMES.map((name) => (side: Side) => perMinute(slots, side, name)), (side: Side) => errorsPerMinute(slots, side)];
    return metrics.every((of) => !isHigh(of('candidate'), of('baseline')));
  },
};

function isHigh(candidate: readonly number[], baseline: readonly number[]): boolean {
  const shifts = Float64Array.from(candidate.flatMap((fresh) => baseline.map((old) => fresh - old))).sort();
  const [n, m] = [candidate.length, baseline.length];
  const estimate = ((shifts[Math.floor((n * m - 1) / 2)] ?? 0) + (shifts[Math.ceil((n * m - 1) / 2)] ?? 0)) / 2;
  const rank = Math.floor((n * m) / 2 - normalQuantile(0.99) * Math.sqrt((n * m * (n + m + 1)) / 12));
  const low = shifts[Math.max(0, rank)] ?? 0;
  return low > 0.25 * Math.abs(estimate);
}

/** Argo Rollouts: a success condition for each measurement, and a limit of failures. */
const argo: Rival = {
  name: 'Argo Rollouts',
  rule: 'successCondition each minute: p95 and failures of the candidate within the true limit; failureLimit 3',
  passes: (slots, limits) => {
    const slow = perMinute(slots, 'candidate', 'p95').filter((ms) => ms > (limits.quantiles['p95'] ?? Infinity)).length;
    const failing = errorsPerMinute(slots, 'candidate').filter((share) => share > limits.errorRate).length;
    return slow <= 3 && failing <= 3;
  },
};

/** Flagger: thresholds for success rate and request duration (p99) each minute; the canary is rolled back when so many checks have failed. */
const flagger: Rival = {
  name: 'Flagger',
  rule: 'thresholdRange each minute: p99 (request-duration) and failures (request-success-rate) of the candidate within the true limit; rolled back at 5 failed checks',
  passes: (slots, limits) => {
    const slow = perMinute(slots, 'candidate', 'p99').map((ms) => ms > (limits.quantiles['p99'] ?? Infinity));
    const failing = errorsPerMinute(slots, 'candidate').map((share) => share > limits.errorRate);
    return Array.from({ length: SLOTS }, (_, minute) => slow[minute] === true || failing[minute] === true).filter(Boolean).length < 5;
  },
};

export const RIVALS: readonly Rival[] = [kayenta, argo, flagger];
