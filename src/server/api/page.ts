import { z } from 'zod';
import { cursorOf, placeOf } from '../http/cursor.ts';

const Place = z.strictObject({ after: z.string() });
/** What was asked for. */
export interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * A page of a list that is here whole, in the order of its keys. Between two pages the list may change: what is new behind the place of the cursor is seen, and
 * nothing comes twice.
 *
 * @throws {SlipwayError} `BAD_CURSOR`.
 */
export function pageBy<T>(all: readonly T[], keyOf: (one: T) => string, { limit, cursor }: Asked): { readonly items: readonly T[]; readonly next?: string } {
  const after = placeOf(cursor, Place)?.after ?? '';
  const keyed = all.map((one) => ({ one, key: keyOf(one) })).filter(({ key }) => key > after);
  const page = keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
  const items = page.map(({ one }) => one);
  const last = page.at(-1);
  return keyed.length > limit && last ? { items, next: cursorOf({ after: last.key }) } : { items };
}
