import { isObject } from '../../core/index.ts';
import type { Store } from '../../store/index.ts';

const DAY_MS = 86_400_000;
/** How long what is over is remembered. A late copy of a delivery is older than its signature may be long before. */
const KEPT: { readonly [collection: string]: number } = { causes: 30 * DAY_MS, logins: DAY_MS, sessions: 8 * DAY_MS };
const JOBS_KEPT_MS = 30 * DAY_MS;
const PAGE = 500;

/** Forget what nobody can need any more: ended jobs, keys of old requests, sessions and sign-ins that are over. Orders and plans stay. */
export async function sweepStore({ documents, queues }: Store, now: number): Promise<number> {
  let swept = await queues.sweep(now - JOBS_KEPT_MS);
  for (const [collection, keptMs] of Object.entries(KEPT)) {
    for (let after = ''; ;) {
      const page = await documents.list(collection, { limit: PAGE, after });
      for (const { key, value, updatedAt } of page) {
        if (updatedAt > now - keptMs || (isObject(value) && value['isLasting'] === true)) continue;
        await documents.delete(collection, key);
        swept++;
      }
      const last = page.at(-1);
      if (page.length < PAGE || !last) break;
      after = last.key;
    }
  }
  return swept;
}
