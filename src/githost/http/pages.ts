import { z } from 'zod';
import { HostError } from '../error.ts';
import { type Api, type ApiCall, shaped } from './api.ts';
import type { ExchangeResponse } from './exchange.ts';
import { placeOf } from './sender.ts';

const PER_PAGE = 100;

/**
 * Everything of a list that comes in pages, by counting them. (Hosts also link to the next page; whatever they link to would get our credentials.)
 *
 * @param names what the host calls the number of the page and its size.
 * @throws {HostError} `PULL_TOO_LARGE` over `most` entries.
 */
export async function allPages<T>(
  api: Api,
  { item, call, most }: { readonly item: z.ZodType<T>; readonly call: ApiCall; readonly most: number },
  names: { readonly page: string; readonly size: string } = { page: 'page', size: 'limit' },
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let page = 1; ; page++) {
    const paged = { ...call, query: { ...call.query, [names.page]: page, [names.size]: PER_PAGE } };
    const response = await api.send(paged);
    // Gitea writes null for an empty list.
    const items = shaped(z.array(item).nullable(), response, placeOf('GET', api.address(paged))) ?? [];
    all.push(...items);
    if (all.length > most) throw tooMany(call, most);
    if (items.length === 0 || isLast(response.headers, all.length)) return all;
  }
}

/** A host that says neither how many there are nor whether more follow is asked until a page is empty. */
function isLast(headers: ExchangeResponse['headers'], sofar: number): boolean {
  const total = headers['x-total-count'];
  if (total !== undefined && /^\d+$/.test(total)) return sofar >= Number(total);
  const link = headers['link'];
  return link !== undefined && !link.includes('rel="next"');
}

export function tooMany(call: Pick<ApiCall, 'path'>, most: number): HostError {
  return new HostError('PULL_TOO_LARGE', `${call.path} has more than ${most} entries`, { hint: 'split the change into several pull requests' });
}
