import type { SourceQuery } from './queries.ts';
import type { MetricSources } from './sources.ts';

/** Where questions go, for people: `shop (https://prometheus.example.com)`, `host shop-new-1`. */
export function placesIn(input: {
  readonly sources: MetricSources;
  readonly metrics: readonly { readonly source: { readonly baseline: SourceQuery; readonly candidate: SourceQuery } }[];
}): readonly string[] {
  const queries = input.metrics.flatMap(({ source }) => [source.baseline, source.candidate]);
  return [...new Set(queries.map((query) => placeOf(query, input.sources)))];
}

export function placeOf(query: SourceQuery, sources: MetricSources): string {
  if (query.type === 'command') return `host ${query.host}`;
  const source = Object.hasOwn(sources, query.from) ? sources[query.from] : undefined;
  if (source === undefined) return query.from;
  return `${query.from} (${'url' in source ? source.url : `${source.type} ${source.region}`})`;
}
