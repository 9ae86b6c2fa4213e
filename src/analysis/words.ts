import type { MetricResult } from './verdict.ts';

/** `12,000`. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A fraction as a percentage with the digits that matter: `4.2%`, `0.013%`, `-3%`. */
export function percent(fraction: number): string {
  const value = fraction * 100;
  if (!Number.isFinite(value)) return value > 0 ? 'any amount' : '-any amount';
  const digits = Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return `${Number(value.toFixed(digits))}%`;
}

/** How much worse, in the unit of the metric: differences of shares are percentage points. */
export function worseBy(kind: MetricResult['kind'], fraction: number): string {
  return kind === 'rate' || kind === 'ratio' ? percent(fraction).replace('%', 'pp') : percent(fraction);
}

type Judged = Pick<MetricResult, 'kind' | 'label' | 'verdict' | 'n' | 'margin' | 'method'> & {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
};

const SUBJECTS: { readonly [kind in MetricResult['kind']]: string } = {
  latency: 'grew by',
  rate: 'rose by',
  mismatch: 'answers differ in',
  throughput: 'fell by',
  numeric: 'got worse by',
  ratio: 'got worse by',
};
const SAMPLES: { readonly [kind in MetricResult['kind']]: string } = {
  latency: 'requests per side',
  rate: 'requests per side',
  mismatch: 'pairs',
  throughput: 'requests per side',
  numeric: 'slots of time',
  ratio: 'trials per side',
};

/** One sentence about a metric that has data. */
export function sentenceOf(judged: Judged): string {
  const { kind, label, verdict, n, margin, estimate, lower, upper, method } = judged;
  const subject = `${label}${kind === 'mismatch' ? ':' : ''} ${SUBJECTS[kind]}`;
  const unit = (fraction: number) => worseBy(kind, fraction);
  const samples = `${count(n)} ${SAMPLES[kind]}`;
  if (method === 'wanders') {
    return `${subject} ${unit(estimate)} by estimate, but the sides drift against each other so slowly that this says little: measure several times longer; ${samples}`;
  }
  if (verdict === 'pass') return `${subject} at most ${unit(upper)} (estimate ${unit(estimate)}), within the allowed ${unit(margin)}; ${samples}`;
  if (verdict === 'fail') return `${subject} at least ${unit(lower)} (estimate ${unit(estimate)}), more than the allowed ${unit(margin)}; ${samples}`;
  return `${subject} between ${unit(lower)} and ${unit(upper)} (estimate ${unit(estimate)}), and ${unit(margin)} is allowed: ${more(judged)}; ${samples}`;
}

/** One sentence about a metric that has too little. */
export function needs({ label, kind, n }: Pick<MetricResult, 'label' | 'kind' | 'n'>, need: number): string {
  const unit = kind === 'mismatch' ? 'compared pairs' : SAMPLES[kind];
  return `${label} needs ${count(need)} ${unit}, there are ${count(n)}`;
}

/** The width of a bound shrinks with the square root of the number of requests. */
function more({ kind, n, margin, estimate, upper }: Judged): string {
  if (!Number.isFinite(upper)) return kind === 'latency' ? 'too many requests had no answer within the timeout' : 'the old side may be zero';
  if (estimate >= margin) return 'no number of requests is likely to make it pass';
  return `about ${count(n * ((upper - estimate) / (margin - estimate)) ** 2)} would settle it`;
}
