import type { Json } from '../../core/index.ts';
import { type JsonPlace, mapParts, type Parts, type Reading, valueAt } from '../../steps/index.ts';

export interface Places {
  readonly parts: Parts<JsonPlace>;
  readonly time?: JsonPlace;
}
export interface Freshness {
  readonly now: number;
  readonly windowMs: number;
}
/** A number may be this many windows old, and its clock as much ahead. */
const FRESH_WINDOWS = 2;

/** Readings of a document. Text is no number, even when it looks like one; an old or timeless document has none. */
export function readingsIn(document: Json, { parts, time }: Places, freshness: Freshness): Parts<Reading> {
  const isOld = time !== undefined && isStale(valueAt(document, time), freshness);
  return mapParts(parts, (place) => (isOld ? { none: 'stale' } : readingAt(document, place)));
}

function readingAt(document: Json, place: JsonPlace): Reading {
  const value = valueAt(document, place);
  if (value === undefined || value === null) return { none: 'gap' };
  return typeof value === 'number' && Number.isFinite(value) ? { value } : { none: 'notANumber' };
}

function isStale(written: Json | undefined, { now, windowMs }: Freshness): boolean {
  const at = timeOf(written);
  return at === undefined || Math.abs(now - at) > FRESH_WINDOWS * windowMs;
}

/** Seconds since 1970 have ten digits until the year 2286, milliseconds thirteen. */
function timeOf(written: Json | undefined): number | undefined {
  if (typeof written === 'number') return written < 1e11 ? written * 1_000 : written;
  const at = typeof written === 'string' ? Date.parse(written) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
