export { checkMetric } from './check.ts';
export { metricsCollect } from './collect.ts';
export type * from './port.ts';
export { NumericSides, RatioSides } from './queries.ts';
export { MetricSources } from './sources.ts';
