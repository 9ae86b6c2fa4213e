import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { messageOf, type Secret, SlipwayError } from '../core/index.ts';
import type { SpanData } from './spans.ts';

/** Where spans go. */
export interface OtlpSettings {
  /** Address that takes traces: `https://collector:4318/v1/traces`. */
  readonly url: string;
  readonly headers: { readonly [name: string]: Secret };
  readonly serviceName: string;
  readonly serviceVersion: string;
}
export interface SpanSink {
  readonly send: (spans: readonly SpanData[]) => void;
  /** Send what waits; never throws. */
  readonly close: () => Promise<void>;
}
const CLOSE_MS = 5_000;

/**
 * Sends spans by OTLP over HTTP, in batches and in the background; what cannot be sent is dropped and never holds a run up. The OpenTelemetry
 * packages are loaded when there is something to send.
 *
 * @throws {SlipwayError} `TELEMETRY_MISSING` when they are not installed.
 */
export async function openSpanSink({ url, headers, serviceName, serviceVersion }: OtlpSettings): Promise<SpanSink> {
  const { trace, resources, exporter } = await packages();
  const resource = resources.resourceFromAttributes({ 'service.name': serviceName, 'service.version': serviceVersion });
  const plain = Object.fromEntries(Object.entries(headers).map(([name, secret]) => [name, secret.reveal()]));
  const processor = new trace.BatchSpanProcessor({ exporter: new exporter.OTLPTraceExporter({ url, headers: plain }) });
  return {
    send: (spans) => {
      for (const span of spans) processor.onEnd(readable(span, resource));
    },
    close: async () => {
      await Promise.race([processor.shutdown().catch(() => undefined), new Promise((done) => setTimeout(done, CLOSE_MS).unref())]);
    },
  };
}

async function packages() {
  try {
    const [trace, resources, exporter] = await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
    return { trace, resources, exporter };
  } catch (cause) {
    throw new SlipwayError('TELEMETRY_MISSING', `spans cannot be sent: ${messageOf(cause)}`, {
      cause,
      hint: 'npm install @opentelemetry/sdk-trace @opentelemetry/resources @opentelemetry/exporter-trace-otlp-http, or unset OTEL_EXPORTER_OTLP_ENDPOINT',
    });
  }
}

/** Values of the API's enums, which are loaded with the packages only. */
const KIND = { internal: 0, server: 1 } as const;
const STATUS = { unset: 0, ok: 1, error: 2 } as const;
const SAMPLED = 1;

function readable(span: SpanData, resource: ReadableSpan['resource']): ReadableSpan {
  const { traceId, spanId, parentSpanId, name, attributes, message } = span;
  const contextOf = (id: string) => ({ traceId, spanId: id, traceFlags: SAMPLED });
  return {
    ...{ name, attributes: { ...attributes }, resource, kind: KIND[span.kind], spanContext: () => contextOf(spanId) },
    ...(parentSpanId === undefined ? {} : { parentSpanContext: contextOf(parentSpanId) }),
    ...{ startTime: hrTime(span.startedAt), endTime: hrTime(span.endedAt), duration: hrTime(Math.max(0, span.endedAt - span.startedAt)) },
    status: { code: STATUS[span.status], ...(message === undefined ? {} : { message }) },
    ...{ links: [], events: [], ended: true, droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    instrumentationScope: { name: 'slipway' },
  };
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1_000_000)];
}
