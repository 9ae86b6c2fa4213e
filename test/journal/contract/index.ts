import { describe } from 'node:test';
import { againContract } from './again.ts';
import { appendContract } from './append.ts';
import { archiveContract } from './archive.ts';
import { chainContract } from './chain.ts';
import { followContract } from './follow.ts';
import { leaseContract } from './lease.ts';
import { listContract } from './list.ts';
import type { Place, StoreUnderTest } from './place.ts';
import { projectContract } from './project.ts';
import { vaultContract } from './vault.ts';

const CONTRACTS = [appendContract, againContract, chainContract, leaseContract, followContract, listContract, projectContract, vaultContract];

/** What every store of the journal promises; each test opens a journal of its own. Runs are carried `elsewhere`, to another store where there is one. */
export function journalContract(store: StoreUnderTest, elsewhere: () => Promise<Place> = () => store.place()): void {
  describe(`journal in ${store.name}`, { skip: store.missing ?? false }, () => {
    for (const contract of CONTRACTS) contract(store);
    archiveContract(store, elsewhere);
  });
}
