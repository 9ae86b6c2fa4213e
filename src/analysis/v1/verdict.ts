import type { MetricResult as AnyResult, Verdict as AnyVerdict } from '../verdict.ts';
import type { Metric } from './metric.ts';

export type { VerdictName } from '../verdict.ts';

/** A result as the first method gave it. */
export type MetricResult = Omit<AnyResult, 'kind' | 'method' | 'inflation' | 'unit'> & {
  readonly kind: Metric['kind'];
  readonly method: 'quantileIndexBootstrap' | 'pairedBlockBootstrap' | 'miettinenNurminen' | 'clopperPearson' | 'none';
};
/** A verdict as the first method gave it. */
export interface Verdict extends Pick<AnyVerdict, 'verdict' | 'algorithm' | 'confidence' | 'seed' | 'sentence'> {
  readonly metrics: readonly MetricResult[];
  readonly abCheck: readonly MetricResult[] | null;
}
