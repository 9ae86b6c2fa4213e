import { SlipwayError } from '../../core/index.ts';
import { parseJsonPath } from '../check/expect.ts';
import { readCheckoutFile } from '../ssh/checkout-file.ts';
import type { JsonPlace, MetricQuery, Opened, Parts, QueryOf } from './port.ts';
import type { NumericQuery, RatioQuery, SourceQuery } from './queries.ts';
import type { MetricSource, MetricSources } from './sources.ts';

/** Sources ready to be asked: with their names and certificates. */
export type OpenedSources = ReadonlyMap<string, Opened<MetricSource['type']>>;

/** @throws {SlipwayError} `CHECKOUT_FILE` for a certificate that cannot be read. */
export async function openSources(sources: MetricSources, checkout: string): Promise<OpenedSources> {
  const opened = Object.entries(sources).map(async ([name, source]) => {
    const ca = 'ca' in source ? source.ca : undefined;
    const pem = ca === undefined ? {} : { caPem: (await readCheckoutFile(checkout, ca)).toString('utf8') };
    return [name, { ...source, name, ...pem }] as const;
  });
  return new Map(await Promise.all(opened));
}

/**
 * The question a runbook wrote, with its source.
 *
 * @throws {SlipwayError} `METRIC_SOURCE_UNKNOWN`, also when the source is of another type.
 */
export function questionOf(query: SourceQuery, sources: OpenedSources): MetricQuery {
  switch (query.type) {
    case 'prometheus':
      return { type: query.type, source: sourceOf(query, sources), labels: query.labels ?? {}, parts: promQlOf(query) };
    case 'cloudWatch': {
      const { namespace, dimensions = {} } = query;
      return { type: query.type, source: sourceOf(query, sources), namespace, dimensions, parts: statisticsOf(query) };
    }
    case 'azureMonitor': {
      const { resource, namespace } = query;
      return { type: query.type, source: sourceOf(query, sources), resource, namespace, parts: aggregationsOf(query) };
    }
    case 'http': {
      const { path, params = {} } = query;
      return { type: query.type, source: sourceOf(query, sources), path, params, parts: placesOf(query), ...timeOf(query) };
    }
    case 'command': {
      const { host, cmd, env = {} } = query;
      return { type: query.type, host, cmd, env, parts: placesOf(query), ...timeOf(query) };
    }
  }
}

/** Does the source mean none when it has trials and says nothing of events? */
export function absentIsZero(query: SourceQuery): boolean {
  return 'absentEvents' in query && query.absentEvents === 'zero';
}

function sourceOf<T extends MetricSource['type']>({ type, from }: { readonly type: T; readonly from: string }, sources: OpenedSources): Opened<T> {
  const found = sources.get(from);
  if (found?.type === type) return found as Opened<T>; // its tag has just been compared
  const what = found ? `the metric source "${from}" is of type ${found.type}, not ${type}` : `there is no metric source "${from}"`;
  const known = [...sources].filter(([, source]) => source.type === type).map(([name]) => name);
  throw new SlipwayError('METRIC_SOURCE_UNKNOWN', what, {
    hint: known.length > 0 ? `sources of that type: ${known.join(', ')}` : "add it to metricSources of the phase's environment",
  });
}

type Of<Q, T> = Extract<Q, { type: T }>;

function promQlOf(query: Of<SourceQuery, 'prometheus'>): Parts<string> {
  if ('events' in query) return { events: query.events, trials: query.trials };
  return { value: query.query, ...(query.weight === undefined ? {} : { weight: query.weight }) };
}

/** A mean comes with the number of observations it is of. */
function statisticsOf(query: Of<SourceQuery, 'cloudWatch'>): QueryOf<'cloudWatch'>['parts'] {
  if ('events' in query) return { events: { metric: query.events, stat: 'Sum' }, trials: { metric: query.trials, stat: 'Sum' } };
  const { metric, stat } = query;
  return { value: { metric, stat }, ...(stat === 'Average' ? { weight: { metric, stat: 'SampleCount' } } : {}) };
}

function aggregationsOf(query: Of<SourceQuery, 'azureMonitor'>): QueryOf<'azureMonitor'>['parts'] {
  const common = query.dimensions ?? {};
  if ('events' in query) {
    const total = ({ metric, dimensions = {} }: Of<RatioQuery, 'azureMonitor'>['events']) =>
      ({ metric, aggregation: 'total', dimensions: { ...common, ...dimensions } }) as const;
    return { events: total(query.events), trials: total(query.trials) };
  }
  const { metric, aggregation } = query;
  const value = { metric, aggregation, dimensions: common };
  return { value, ...(aggregation === 'average' ? { weight: { ...value, aggregation: 'count' } } : {}) };
}

function placesOf(query: Of<SourceQuery, 'http' | 'command'>): Parts<JsonPlace> {
  if ('events' in query) return { events: placeAt(query.events), trials: placeAt(query.trials) };
  const { value, weight } = query satisfies Of<NumericQuery, 'http' | 'command'>;
  return { value: value === undefined ? [] : placeAt(value), ...(weight === undefined ? {} : { weight: placeAt(weight) }) };
}

function timeOf({ time }: { readonly time?: string | undefined }): { readonly time?: JsonPlace } {
  return time === undefined ? {} : { time: placeAt(time) };
}

/** The shape has checked the form. */
function placeAt(path: string): JsonPlace {
  return parseJsonPath(path) ?? [];
}
