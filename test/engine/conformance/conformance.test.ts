import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { localRig } from './local.ts';
import { sqlite, type Store, tell } from './rig.ts';
import { runIdOf, SCENARIOS } from './scenarios.ts';

/** Stores that can be had here; every engine tells the same stories on each. test:temporal adds the engine that needs a server. */
const STORES: readonly Store[] = [sqlite];

for (const store of STORES) {
  describe(`local engine, ${store.name}`, { concurrency: 4 }, () => {
    for (const scenario of SCENARIOS) {
      test(scenario.name, { timeout: 60_000 }, async () => {
        await using rig = await localRig(store);
        const told = await tell(rig, scenario, runIdOf(scenario));
        assert.equal(told.state, scenario.state);
        scenario.check?.(told);
      });
    }
  });
}
