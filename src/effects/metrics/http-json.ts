import type { MetricsControl, Parts, QueryOf, Reading } from '../../steps/index.ts';
import { readingsIn } from './number.ts';
import { askWeb, type Web } from './web.ts';

/** What a JSON endpoint says now. */
export async function httpLatest(query: QueryOf<'http'>, windowMs: number, web: Web, control: MetricsControl): Promise<Parts<Reading>> {
  const params = new URLSearchParams(query.params).toString();
  const path = `${query.path}${params === '' ? '' : `?${params}`}`;
  const { document } = await askWeb(query.source, { method: 'GET', path }, { web, control });
  return readingsIn(document, query, { now: web.now(), windowMs });
}
