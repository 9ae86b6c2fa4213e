export type { AzureOverride } from './azure-monitor.ts';
export { createMetrics, type MetricsEffect, type MetricsOptions } from './metrics.ts';
