import { isArray, isObject, type Json } from '../../core/index.ts';
import { allParts, mapParts, type MetricsControl, type Opened, type Parts, type QueryOf, type Reading, type Slots } from '../../steps/index.ts';
import { wrong } from './errors.ts';
import { fillQuery } from './promql.ts';
import { askWeb, type Web } from './web.ts';

/** An instant vector is what was scraped within two slots; Prometheus itself would go back five minutes. */
const LOOKBACK_SLOTS = 2;
/** A difference of clocks below this is what measuring it costs. */
const TOLERATED_SKEW_MS = 1_000;

type Query = QueryOf<'prometheus'>;
/** How far the clocks of sources are ahead of ours, by address; learned from their answers. */
export type Skews = Map<string, number>;
export interface PrometheusParts {
  readonly web: Web;
  readonly skews: Skews;
}

/** One reading for each slot, evaluated at its end. */
export async function prometheusHistory(query: Query, slots: Slots, parts: PrometheusParts, control: MetricsControl): Promise<Parts<readonly Reading[]>> {
  return allParts(mapParts(query.parts, (text) => rangeOf(query, text, slots, { parts, control })));
}

interface Asking {
  readonly parts: PrometheusParts;
  readonly control: MetricsControl;
}

/** When the first answer tells that the clocks differ, the times asked about were not those that were meant. */
async function rangeOf({ source, labels }: Query, text: string, slots: Slots, asking: Asking): Promise<readonly Reading[]> {
  const { fromMs, slotMs, count } = slots;
  const query = fillQuery(text, { labels, windowMs: slotMs });
  const known = asking.parts.skews.get(source.url);
  const askAt = async (shiftMs: number) => {
    const [start, end] = [fromMs + slotMs + shiftMs, fromMs + slotMs * count + shiftMs];
    const { document, skewMs } = await ask(source, { query, start, end, step: slotMs }, asking);
    return { skewMs, readings: readingsOf(source.name, document, { firstMs: start, slotMs, count }) };
  };
  const { skewMs, readings } = await askAt(known ?? 0);
  const corrected = learn(source, skewMs, asking);
  return known === undefined && corrected !== 0 ? (await askAt(corrected)).readings : readings;
}

/** Remember the difference of clocks, and tell when it is news. @returns what times are corrected by. */
function learn({ name, url }: Opened<'prometheus'>, seenMs: number, { parts: { skews }, control }: Asking): number {
  const seen = Math.abs(seenMs) > TOLERATED_SKEW_MS ? Math.round(seenMs) : 0;
  const known = skews.get(url) ?? 0;
  const skew = skews.has(url) && Math.abs(known - seen) <= TOLERATED_SKEW_MS ? known : seen;
  skews.set(url, skew);
  if (skew !== known)
    control.notice(
      skew === 0
        ? `the clock of ${name} agrees with ours again`
        : `the clock of ${name} is ${Math.abs(skew / 1_000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} ours; its times are corrected`,
    );
  return skew;
}

interface Range {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

async function ask(source: Opened<'prometheus'>, { query, start, end, step }: Range, { parts: { web }, control }: Asking) {
  const seconds = (ms: number) => String(ms / 1_000);
  const form = new URLSearchParams({
    ...{ query, start: seconds(start), end: seconds(end), step: seconds(step), lookback_delta: seconds(step * LOOKBACK_SLOTS) },
    partial_response: 'false', // Thanos would rather give half an answer
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return askWeb(source, { method: 'POST', path: '/api/v1/query_range', body: form.toString(), headers }, { web, control });
}

/** Read a matrix: `[{metric, values: [[seconds, "text"], …]}, …]`. */
function readingsOf(name: string, document: Json, { firstMs, slotMs, count }: { readonly firstMs: number; readonly slotMs: number; readonly count: number }) {
  const data = isObject(document) && document['status'] === 'success' ? document['data'] : undefined;
  const result = data !== undefined && isObject(data) ? data['result'] : undefined;
  if (data === undefined || !isObject(data) || data['resultType'] !== 'matrix' || result === undefined || !isArray(result))
    throw wrong(name, 'the answer has not the form of the Prometheus API');
  const warnings = isObject(document) ? document['warnings'] : undefined;
  if (warnings !== undefined && isArray(warnings) && warnings.length > 0) return Array.from({ length: count }, (): Reading => ({ none: 'partial' }));
  const readings = Array.from({ length: count }, (): Reading | undefined => undefined);
  for (const [seconds, text] of result.flatMap(valuesOf)) {
    const slot = Math.round((seconds * 1_000 - firstMs) / slotMs);
    if (slot >= 0 && slot < count) readings[slot] = readings[slot] === undefined ? numberIn(text) : { none: 'manySeries' };
  }
  return readings.map((reading): Reading => reading ?? { none: 'gap' });
}

function valuesOf(series: Json): readonly (readonly [number, string])[] {
  const values = isObject(series) ? series['values'] : undefined;
  if (values === undefined || !isArray(values)) return [];
  return values.flatMap((pair) => {
    if (!isArray(pair)) return [];
    const [seconds, text] = pair;
    return typeof seconds === 'number' && typeof text === 'string' ? [[seconds, text] as const] : [];
  });
}

function numberIn(text: string): Reading {
  const value = text === '' ? NaN : Number(text);
  return Number.isFinite(value) ? { value } : { none: 'notANumber' };
}
