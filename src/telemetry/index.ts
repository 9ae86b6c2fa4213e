export { type Exposition, type MetricsListener, type MetricsPlace } from './listen.ts';
export { createMetrics, type Metrics, type StoreCounts } from './metrics.ts';
export { openTelemetry, type RunObserver, type Telemetry, type TelemetryOptions } from './open.ts';
export { openSpanSink, type OtlpSettings, type SpanSink } from './otlp.ts';
export { createSpanFold, type SpanData, traceIdOf } from './spans.ts';
