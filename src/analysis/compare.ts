import { diagnosticsOf } from './diagnostics.ts';
import type { Evidence, Slot } from './evidence.ts';
import { judgeMetric, type Measured } from './judge.ts';
import { confidenceAt } from './looks.ts';
import type { Metric } from './metric.ts';
import { createMonitor } from './monitor.ts';
import type { Series } from './series.ts';
import { soundnessOf } from './soundness.ts';
import type { Harm, JudgeOptions, MetricResult, Soundness, Verdict, VerdictName } from './verdict.ts';
import { percent, worseBy } from './words.ts';

/** Name of the method; a change that can change a verdict is a new name, and the old method stays for what it judged. */
export const ALGORITHM = 'non-inferiority/2';

export interface CompareOptions extends Partial<JudgeOptions> {
  /** What was sampled beside the probe; without it numeric and ratio metrics have no data. */
  readonly series?: Series;
}

/**
 * Is the candidate no worse than the baseline, beyond what the metrics allow? A test of non-inferiority, never "no significant
 * difference": too little data is not a pass. All critical metrics must pass, so no correction for their number is needed.
 *
 * @param options confidence of each one-sided bound, 0.5 to 1 (0.95 unless told); seed of the resampling (the evidence's own unless told).
 */
export function compare(evidence: Evidence, metrics: readonly Metric[], options: CompareOptions = {}): Verdict {
  const asked = { confidence: options.confidence ?? 0.95, seed: options.seed ?? evidence.seed };
  const look = evidence.plan?.looks[evidence.plan.at];
  const atLook = look === undefined ? asked.confidence : confidenceAt(look, asked.confidence);
  const judge = { ...asked, confidence: atLook };
  const measured: Measured = { slots: evidence.slots, timeoutMs: evidence.timeoutMs, sampled: options.series?.metrics ?? [] };
  const judged = metrics.flatMap((metric) => judgeMetric(metric, measured, judge));
  const abCheck = evidence.abCheck === undefined ? null : againstItself(evidence.abCheck, metrics, { measured, judge: asked });
  const soundness = soundnessOf(evidence.slots, abCheck);
  const harm = harmIn(evidence, metrics, asked.confidence);
  const facts = { judged, soundness, harm };
  const verdict = overall(facts);
  const found = { metrics: judged, abCheck, sentence: sentence(verdict, facts) };
  return { verdict, algorithm: ALGORITHM, ...asked, ...found, atLook, soundness, harm, diagnostics: diagnosticsOf(evidence) };
}

function againstItself(
  slots: readonly Slot[],
  metrics: readonly Metric[],
  { measured, judge }: { readonly measured: Measured; readonly judge: JudgeOptions },
): readonly MetricResult[] {
  const probed = metrics.filter(({ kind }) => kind !== 'numeric' && kind !== 'ratio');
  return probed.flatMap((metric) => judgeMetric(metric, { ...measured, slots, sampled: [] }, judge));
}

/** What a monitor says that saw these slots one after the other. */
export function harmIn({ slots, timeoutMs }: Pick<Evidence, 'slots' | 'timeoutMs'>, metrics: readonly Metric[], confidence: number): Harm | null {
  const monitor = createMonitor(metrics, { confidence, timeoutMs });
  for (const slot of slots) {
    const harm = monitor.add(slot);
    if (harm) return harm;
  }
  return null;
}

interface Facts {
  readonly judged: readonly MetricResult[];
  readonly soundness: Soundness;
  readonly harm: Harm | null;
}

function overall({ judged, soundness, harm }: Facts): VerdictName {
  const deciding = judged.filter(({ critical }) => critical).map(({ verdict }) => verdict);
  if (harm?.label === 'breaker') return 'fail';
  // A measurement that cannot be trusted to pass anybody cannot be trusted to fail anybody either.
  if (soundness.complaints.length > 0) return 'inconclusive';
  if (harm || deciding.includes('fail')) return 'fail';
  if (deciding.length === 0 || deciding.includes('noData')) return 'noData';
  return deciding.includes('inconclusive') ? 'inconclusive' : 'pass';
}

function sentence(verdict: VerdictName, { judged, soundness, harm }: Facts): string {
  const critical = judged.filter((metric) => metric.critical);
  const named = (which: VerdictName) => critical.filter((metric) => metric.verdict === which).map((metric) => metric.sentence);
  switch (verdict) {
    case 'pass':
      return `the candidate is no worse than the baseline: ${critical.map(shortly).join(', ')}`;
    case 'fail':
      return `the candidate is worse: ${[...named('fail'), ...(harm ? [harm.sentence] : [])].join('; ')}`;
    case 'noData':
      return critical.length === 0 ? 'no metric is critical, so nothing can pass' : `not enough data: ${named('noData').join('; ')}`;
    case 'inconclusive':
      return `undecided: ${[...soundness.complaints, ...named('inconclusive'), ...named('noData')].join('; ')}`;
  }
}

/** `latency p95 +9.7% at most (50% allowed)`. */
function shortly({ kind, label, upper, margin }: MetricResult): string {
  const most = upper ?? Infinity;
  return `${label} ${most > 0 ? '+' : ''}${kind === 'ratio' ? worseBy(kind, most) : percent(most)} at most (${percent(margin)} allowed)`;
}
