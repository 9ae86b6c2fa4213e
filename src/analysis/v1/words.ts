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

type Judged = Pick<MetricResult, 'kind' | 'label' | 'verdict' | 'n' | 'margin'> & { readonly estimate: number; readonly lower: number; readonly upper: number };

/** One sentence about a metric that has data. */
export function sentenceOf(judged: Judged): string {
  const { kind, label, verdict, n, margin, estimate, lower, upper } = judged;
  const subject = { latency: `${label} grew by`, rate: `${label} rose by`, mismatch: `${label}: answers differ in` }[kind];
  const unit = (fraction: number) => (kind === 'rate' ? percent(fraction).replace('%', 'pp') : percent(fraction));
  const samples = `${count(n)} ${kind === 'mismatch' ? 'pairs' : 'requests per side'}`;
  if (verdict === 'pass') return `${subject} at most ${unit(upper)} (estimate ${unit(estimate)}), within the allowed ${unit(margin)}; ${samples}`;
  if (verdict === 'fail') return `${subject} at least ${unit(lower)} (estimate ${unit(estimate)}), more than the allowed ${unit(margin)}; ${samples}`;
  return `${subject} between ${unit(lower)} and ${unit(upper)} (estimate ${unit(estimate)}), and ${unit(margin)} is allowed: ${more(judged)}; ${samples}`;
}

/** The width of a bound shrinks with the square root of the number of requests. */
function more({ n, margin, estimate, upper }: Judged): string {
  if (!Number.isFinite(upper)) return 'too many requests had no answer within the timeout';
  if (estimate >= margin) return 'no number of requests is likely to make it pass';
  return `about ${count(n * ((upper - estimate) / (margin - estimate)) ** 2)} would settle it`;
}
