export { createMetrics, type Metrics, type StoreCounts } from './metrics.ts';
export { openSpanSink, type OtlpSettings, type SpanSink } from './otlp.ts';
export { createSpanFold, type SpanData, traceIdOf } from './spans.ts';
