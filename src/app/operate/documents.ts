import { type Json, SlipwayError } from '../../core/index.ts';
import type { Store } from '../../store/index.ts';

/** Where a document is. */
export interface Address {
  readonly collection: string;
  readonly key: string;
}
const TRIES = 20;
const PAGE = 500;

/**
 * Change a document by compare and set, again when somebody else was faster.
 *
 * @param change gets what is stored, and gives what shall be; undefined leaves it as it is.
 */
export async function changeDocument({ documents }: Store, { collection, key }: Address, change: (value: Json | undefined) => Json | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await documents.get(collection, key);
    const next = change(found?.value);
    if (next === undefined) return;
    try {
      await documents.put(collection, key, next, { ifVersion: found?.version ?? 0 });
      return;
    } catch (cause) {
      if (!isConflict(cause) || attempt >= TRIES) throw cause;
    }
  }
}

export function isConflict(cause: unknown): boolean {
  return cause instanceof SlipwayError && cause.code === 'STORE_CONFLICT';
}

/** Do what only one of many has to do: somebody else may have just done it. */
export async function ignoringConflicts(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    if (!isConflict(cause)) throw cause;
  }
}

type Listed = Awaited<ReturnType<Store['documents']['list']>>[number];

/** Every document of a collection, page by page. */
export async function* documentsIn({ documents }: Store, collection: string, prefix = ''): AsyncGenerator<Listed> {
  for (let after = ''; ;) {
    const page = await documents.list(collection, { prefix, after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE || !last) return;
    after = last.key;
  }
}

/** Leave out what is undefined: a document is JSON. */
export function toJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json; // what JSON.parse gives is JSON
}
