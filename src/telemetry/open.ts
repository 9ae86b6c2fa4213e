import type { JournalEvent } from '../engine/index.ts';
import { type Exposition, listenForScrapes, type MetricsListener, type MetricsPlace } from './listen.ts';
import { createMetrics, type Metrics, type StoreCounts } from './metrics.ts';
import { openSpanSink, type OtlpSettings, type SpanSink } from './otlp.ts';
import { createSpanFold } from './spans.ts';

/** Told of every event of a run in order; of those recorded before, with `isNew` false. */
export type RunObserver = (event: JournalEvent, isNew: boolean) => void;
export interface TelemetryOptions {
  /** Where spans go; nowhere when absent. */
  readonly spans?: OtlpSettings;
  /** Where scrapes are answered; nowhere when absent. */
  readonly listen?: MetricsPlace;
}
/** What this process tells about the runs that it drives. Packages are loaded when they are first needed. */
export interface Telemetry {
  /** Follows one run from its first event; undefined when nobody wants to know. @throws {SlipwayError} `TELEMETRY_MISSING`. */
  readonly observer: (runId: string) => Promise<RunObserver | undefined>;
  /** Count from now on, and give what was counted. @throws {SlipwayError} `TELEMETRY_MISSING`. */
  readonly scrape: (counts: StoreCounts) => Promise<Exposition>;
  /** Answer scrapes where the settings say, until disposed; undefined when they say nothing. @throws {SlipwayError} `CANNOT_LISTEN`. */
  readonly listen: (counts: () => Promise<StoreCounts>) => Promise<MetricsListener | undefined>;
  /** Send what waits; never throws. */
  readonly close: () => Promise<void>;
}

export function openTelemetry({ spans, listen }: TelemetryOptions): Telemetry {
  let counting: Promise<Metrics> | undefined;
  let sending: Promise<SpanSink> | undefined;
  const metrics = (): Promise<Metrics> => (counting ??= createMetrics());
  const scrape = async (counts: StoreCounts): Promise<Exposition> => {
    const { text, contentType } = await metrics();
    return { text: await text(counts), contentType };
  };
  return {
    observer: async (runId) => {
      const sink = spans && (await (sending ??= openSpanSink(spans)));
      const counted = await (listen ? metrics() : counting);
      return sink || counted ? observerOf(runId, sink, counted) : undefined;
    },
    scrape,
    listen: async (counts) => (listen ? listenForScrapes(listen, async () => scrape(await counts())) : undefined),
    close: async () => (await sending?.catch(() => undefined))?.close(),
  };
}

function observerOf(runId: string, sink: SpanSink | undefined, metrics: Metrics | undefined): RunObserver {
  const fold = createSpanFold(runId);
  return (event, isNew) => {
    const ended = fold(event);
    if (isNew) sink?.send(ended);
    metrics?.event(event, isNew);
  };
}
