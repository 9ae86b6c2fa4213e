import { SlipwayError } from '../core/index.ts';
import { ALGORITHM, compare, type CompareOptions } from './compare.ts';
import type { Evidence } from './evidence.ts';
import type { Metric } from './metric.ts';
import { ALGORITHM as FIRST, compare as firstCompare } from './v1/compare.ts';
import type { Metric as FirstMetric } from './v1/metric.ts';
import type { Verdict } from './verdict.ts';

/** Every method that ever judged a run, newest first. What one of them recorded is verified by the same one. */
export const ALGORITHMS = [ALGORITHM, FIRST] as const;

/** As `compare`, by the method of this name. @throws {SlipwayError} `ALGORITHM_UNKNOWN`. */
export function compareBy(algorithm: string, evidence: Evidence, metrics: readonly Metric[], options: CompareOptions): Verdict {
  if (algorithm === ALGORITHM) return compare(evidence, metrics, options);
  if (algorithm === FIRST) {
    const { confidence, seed } = options;
    return firstCompare(evidence, metrics.filter(isFirst), { ...(confidence === undefined ? {} : { confidence }), ...(seed === undefined ? {} : { seed }) });
  }
  throw new SlipwayError('ALGORITHM_UNKNOWN', `this Slipway does not know the method "${algorithm}"`, { hint: 'verify with the version that recorded it' });
}

function isFirst(metric: Metric): metric is FirstMetric {
  return metric.kind === 'latency' || metric.kind === 'rate' || metric.kind === 'mismatch';
}
