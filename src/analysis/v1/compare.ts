import type { Evidence } from '../evidence.ts';
import { judgeMetric, type JudgeOptions } from './judge.ts';
import type { Metric } from './metric.ts';
import type { MetricResult, Verdict, VerdictName } from './verdict.ts';
import { percent } from './words.ts';

/** Name of the method; a change that can change a verdict is a new name. */
export const ALGORITHM = 'non-inferiority/1';

/**
 * Is the candidate no worse than the baseline, beyond what the metrics allow? A test of non-inferiority, never "no significant
 * difference": too little data is not a pass. All critical metrics must pass, so no correction for their number is needed.
 *
 * @param options confidence of each one-sided bound, 0.5 to 1 (0.95 unless told); seed of the resampling (the evidence's own unless told).
 */
export function compare(evidence: Evidence, metrics: readonly Metric[], options: Partial<JudgeOptions> = {}): Verdict {
  const judge = { confidence: options.confidence ?? 0.95, seed: options.seed ?? evidence.seed };
  const judged = metrics.flatMap((metric) => judgeMetric(metric, evidence, judge));
  const abCheck = evidence.abCheck === undefined ? null : judgeAgainstItself(evidence.abCheck, evidence, metrics, judge);
  const verdict = overall(judged, abCheck);
  return { verdict, algorithm: ALGORITHM, ...judge, metrics: judged, abCheck, sentence: sentence(verdict, judged, abCheck) };
}

function judgeAgainstItself(slots: Evidence['slots'], evidence: Evidence, metrics: readonly Metric[], judge: JudgeOptions): readonly MetricResult[] {
  return metrics.flatMap((metric) => judgeMetric(metric, { ...evidence, slots }, judge));
}

function overall(judged: readonly MetricResult[], abCheck: readonly MetricResult[] | null): VerdictName {
  const deciding = judged.filter(({ critical }) => critical).map(({ verdict }) => verdict);
  if (deciding.includes('fail')) return 'fail';
  if (deciding.length === 0 || deciding.includes('noData')) return 'noData';
  if (deciding.includes('inconclusive') || unsound(abCheck).length > 0) return 'inconclusive';
  return 'pass';
}

/** Critical metrics by which the old side is worse than itself: the measurement cannot be trusted to pass anybody. */
function unsound(abCheck: readonly MetricResult[] | null): readonly MetricResult[] {
  return (abCheck ?? []).filter(({ critical, verdict }) => critical && verdict === 'fail');
}

function sentence(verdict: VerdictName, judged: readonly MetricResult[], abCheck: readonly MetricResult[] | null): string {
  const critical = judged.filter((metric) => metric.critical);
  const named = (which: VerdictName) => critical.filter((metric) => metric.verdict === which).map((metric) => metric.sentence);
  switch (verdict) {
    case 'pass':
      return `the candidate is no worse than the baseline: ${critical.map(shortly).join(', ')}`;
    case 'fail':
      return `the candidate is worse: ${named('fail').join('; ')}`;
    case 'noData':
      return critical.length === 0 ? 'no metric is critical, so nothing can pass' : `not enough data: ${named('noData').join('; ')}`;
    case 'inconclusive': {
      const broken = unsound(abCheck).map((metric) => `the old side differs from itself: ${metric.sentence}`);
      return `undecided: ${[...named('inconclusive'), ...broken].join('; ')}`;
    }
  }
}

/** `latency p95 +9.7% at most (50% allowed)`. */
function shortly({ label, upper, margin }: MetricResult): string {
  const most = upper ?? Infinity;
  return `${label} ${most > 0 ? '+' : ''}${percent(most)} at most (${percent(margin)} allowed)`;
}
