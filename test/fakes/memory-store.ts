import { type Clock, SlipwayError, systemClock } from '../../src/core/index.ts';
import type { AuditEntry, Claim, NewItem, Store, StoredDocument } from '../../src/store/index.ts';

interface Item extends NewItem {
  readonly queue: string;
  attempt: number;
  state: 'ready' | 'claimed' | 'done' | 'dead';
  dueAt: number;
  token: number;
  owner: string;
}

/** A store that forgets everything with its process; for tests that do not crash. */
export function memoryStore(clock: Clock = systemClock): Store & { readonly items: readonly Item[]; readonly entries: readonly AuditEntry[] } {
  const collections = new Map<string, Map<string, StoredDocument>>();
  const items: Item[] = [];
  const entries: AuditEntry[] = [];
  let versions = 0;
  const of = (collection: string): Map<string, StoredDocument> => {
    const known = collections.get(collection) ?? new Map<string, StoredDocument>();
    collections.set(collection, known);
    return known;
  };
  const refuseOther = (collection: string, key: string, wanted: number | undefined): void => {
    const found = of(collection).get(key)?.version ?? 0;
    if (wanted !== undefined && wanted !== found) throw new SlipwayError('STORE_CONFLICT', `${collection}/${key} has version ${found}, not ${wanted}`);
  };
  const held = (claim: Claim): Item => {
    const item = items.find(({ queue, id }) => queue === claim.queue && id === claim.id);
    if (item?.state !== 'claimed' || item.token !== claim.token) throw new SlipwayError('STORE_FENCED', `${claim.id} is claimed by somebody else`);
    return item;
  };
  return {
    items,
    entries,
    documents: {
      get: async (collection, key) => structuredClone(of(collection).get(key)),
      put: async (collection, key, value, { ifVersion } = {}) => {
        refuseOther(collection, key, ifVersion);
        const version = ++versions;
        of(collection).set(key, { key, value: structuredClone(value), version });
        return version;
      },
      delete: async (collection, key, { ifVersion } = {}) => {
        refuseOther(collection, key, ifVersion);
        of(collection).delete(key);
      },
      list: async (collection, { prefix = '', after = '', limit = 1_000 } = {}) =>
        [...of(collection).values()]
          .filter(({ key }) => key.startsWith(prefix) && key > after)
          .sort((a, b) => (a.key < b.key ? -1 : 1))
          .slice(0, limit),
    },
    queues: {
      enqueue: async (queue, item) => {
        if (items.some((known) => known.queue === queue && known.id === item.id)) return { fresh: false };
        items.push({ ...structuredClone(item), queue, attempt: 0, state: 'ready', dueAt: item.notBefore ?? 0, token: 0, owner: '' });
        return { fresh: true };
      },
      claim: async (queue, owner, ttlMs) => {
        const now = clock.now();
        const open = items.filter((item) => item.queue === queue && (item.state === 'ready' || item.state === 'claimed'));
        const busy = new Set(open.flatMap((item) => (item.state === 'claimed' && item.dueAt > now && item.orderKey !== undefined ? [item.orderKey] : [])));
        const item = open.find((each) => each.dueAt <= now && (each.orderKey === undefined || !busy.has(each.orderKey)));
        if (!item) return undefined;
        Object.assign(item, { state: 'claimed', owner, attempt: item.attempt + 1, token: item.token + 1, dueAt: now + ttlMs });
        return { queue, id: item.id, payload: structuredClone(item.payload), attempt: item.attempt, owner, token: item.token };
      },
      heartbeat: async (claim, ttlMs) => void (held(claim).dueAt = clock.now() + ttlMs),
      finish: async (claim) => void (held(claim).state = 'done'),
      fail: async (claim, { retryAt }) => void Object.assign(held(claim), retryAt === undefined ? { state: 'dead' } : { state: 'ready', dueAt: retryAt }),
    },
    audit: {
      append: async (entry) => {
        const kept = { ...structuredClone(entry), seq: entries.length + 1, at: clock.now() };
        entries.push(kept);
        return kept;
      },
      read: async ({ afterSeq = 0, limit = 1_000 } = {}) => entries.filter(({ seq }) => seq > afterSeq).slice(0, limit),
      verify: async () => ({ ok: true, entries: entries.length }),
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
