import { describe } from 'node:test';
import { appendContract } from './append.ts';
import { chainContract } from './chain.ts';
import { followContract } from './follow.ts';
import { leaseContract } from './lease.ts';
import { listContract } from './list.ts';
import type { StoreUnderTest } from './place.ts';
import { projectContract } from './project.ts';
import { vaultContract } from './vault.ts';

/** What every store of the journal promises; each test opens a journal of its own. */
export function journalContract(store: StoreUnderTest): void {
  describe(`journal in ${store.name}`, { skip: store.missing ?? false }, () => {
    for (const contract of [appendContract, chainContract, leaseContract, followContract, listContract, projectContract, vaultContract]) contract(store);
  });
}
