import type { Secret } from '../../core/index.ts';
import type { MetricSource } from './sources.ts';

/** Why a source gave no number. A gap is never turned into one. */
export type NoNumber = 'gap' | 'notANumber' | 'manySeries' | 'stale' | 'partial';
export type Reading = { readonly value: number } | { readonly none: NoNumber };

/** What a number is for: the measured value and how many observations it stands for, or the two counts of a ratio. */
export type MetricPart = 'value' | 'weight' | 'events' | 'trials';
export type Parts<T> = { readonly [part in MetricPart]?: T };

type Settings<T extends MetricSource['type']> = Extract<MetricSource, { type: T }>;
/** A source with its name, for messages, and the authorities it trusts, as PEM. */
export type Opened<T extends MetricSource['type']> = Settings<T> & { readonly name: string; readonly caPem?: string };

/** A question ready to be asked. Values travel beside the texts that people reviewed, never inside them. */
export type MetricQuery =
  | { readonly type: 'prometheus'; readonly source: Opened<'prometheus'>; readonly labels: { readonly [name: string]: string }; readonly parts: Parts<string> }
  | {
      readonly type: 'cloudWatch';
      readonly source: Opened<'cloudWatch'>;
      readonly namespace: string;
      readonly dimensions: { readonly [name: string]: string };
      readonly parts: Parts<{ readonly metric: string; readonly stat: string }>;
    }
  | {
      readonly type: 'azureMonitor';
      readonly source: Opened<'azureMonitor'>;
      readonly resource: string;
      readonly namespace: string;
      readonly parts: Parts<AzurePart>;
    }
  | {
      readonly type: 'http';
      readonly source: Opened<'http'>;
      readonly path: string;
      readonly params: { readonly [name: string]: string };
      readonly parts: Parts<JsonPlace>;
      readonly time?: JsonPlace;
    }
  | {
      readonly type: 'command';
      readonly host: string;
      readonly cmd: string;
      readonly env: { readonly [name: string]: string | number | boolean | Secret };
      readonly parts: Parts<JsonPlace>;
      readonly time?: JsonPlace;
    };
export interface AzurePart {
  readonly metric: string;
  readonly aggregation: 'average' | 'total' | 'minimum' | 'maximum' | 'count';
  readonly dimensions: { readonly [name: string]: string };
}
/** Members and indexes on the way into a JSON document; none means the document itself. */
export type JsonPlace = readonly (string | number)[];
export type QueryOf<T extends MetricQuery['type']> = Extract<MetricQuery, { type: T }>;

export interface MetricsControl {
  /** SSH connections are pooled under this run. */
  readonly runId: string;
  readonly signal: AbortSignal;
  /** One line for people about the source, for example that its clock is wrong. */
  readonly notice: (line: string) => void;
}
/** Slots of time one after the other: `fromMs` since the epoch is a multiple of `slotMs`. */
export interface Slots {
  readonly fromMs: number;
  readonly slotMs: number;
  readonly count: number;
}
/**
 * Systems that measure others. Every failure of a source is a {SlipwayError}: `METRIC_SOURCE_DOWN` (worth a retry),
 * `METRIC_SOURCE_DENIED`, `METRIC_QUERY_WRONG`, `METRIC_CREDENTIAL_MISSING`, `METRIC_SDK_MISSING`, `METRIC_NOT_REHEARSED`.
 */
export interface MetricsPort {
  /** The newest number of each part, about the last `windowMs`. */
  latest(query: MetricQuery, windowMs: number, control: MetricsControl): Promise<Parts<Reading>>;
  /** For each part one reading for each slot, oldest first. Only sources that `remembers` says yes to. */
  history(query: MetricQuery, slots: Slots, control: MetricsControl): Promise<Parts<readonly Reading[]>>;
}

/** The same parts with other values. */
export function mapParts<T, U>(parts: Parts<T>, map: (value: T) => U): Parts<U> {
  const entries = Object.entries(parts) as readonly (readonly [MetricPart, T])[]; // keys of that record
  return Object.fromEntries(entries.map(([part, value]) => [part, map(value)]));
}

/** All parts, when each of them is there. */
export async function allParts<T>(parts: Parts<Promise<T>>): Promise<Parts<T>> {
  const entries = Object.entries(parts).map(async ([part, value]) => [part, await value] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Can the source be asked about times that are over? The others only know what is now. */
export function remembers({ type }: Pick<MetricQuery, 'type'>): boolean {
  return type === 'prometheus' || type === 'cloudWatch' || type === 'azureMonitor';
}
