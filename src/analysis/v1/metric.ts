import type { Metric as AnyMetric } from '../metric.ts';

/** The kinds of metric that the first method knew. */
export type Metric = Extract<AnyMetric, { kind: 'latency' | 'rate' | 'mismatch' }>;
