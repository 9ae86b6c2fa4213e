import { describe } from 'node:test';
import { auditContract } from './audit.ts';
import { documentContract } from './documents.ts';
import { lockContract } from './locks.ts';
import type { StoreUnderTest } from './place.ts';
import { queueContract } from './queues.ts';

/** What the store promises in every database. */
export function storeContract(store: StoreUnderTest): void {
  describe(`store in ${store.name}`, { skip: store.missing ?? false }, () => {
    for (const contract of [documentContract, queueContract, lockContract, auditContract]) contract(store);
  });
}
