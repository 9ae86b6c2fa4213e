import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { killableLocalRig, killableTemporalRig } from '../engine/conformance/killable.ts';
import { localRig } from '../engine/conformance/local.ts';
import { type Rig, tell } from '../engine/conformance/rig.ts';
import { sqlite, type Store } from '../engine/conformance/stores.ts';
import { comparable, lanes, type Scenario } from '../engine/conformance/scenario.ts';
import { CRASH } from '../engine/conformance/scenarios-crash.ts';
import { runIdOf, SCENARIOS } from '../engine/conformance/scenarios.ts';
import { temporalRig } from '../engine/conformance/temporal.ts';
import { type DevServer, startServer } from './server.ts';

const STORES: readonly Store[] = [sqlite];
const program = process.env['SLIPWAY_TEMPORAL'] ?? '';
const cacheDir = join(tmpdir(), 'slipway-test-workflows');

async function told(rig: Rig, scenario: Scenario) {
  const result = await tell(rig, scenario, runIdOf(scenario));
  assert.equal(result.state, scenario.state);
  scenario.check?.(result);
  const events = comparable(result.events);
  return scenario.order === 'exact' ? events : lanes(events);
}

/** The same events as the local engine on SQLite, which is the measure for all others. */
async function tellAlike(rigs: readonly [Rig, Rig], scenario: Scenario): Promise<void> {
  const [expected, actual] = await Promise.all(rigs.map((rig) => told(rig, scenario)));
  assert.deepEqual(actual, expected);
}

for (const store of STORES) {
  describe(`Temporal, ${store.name}`, { concurrency: 3 }, () => {
    let server: DevServer;
    let rig: Rig;
    before(async () => {
      server = await startServer(program);
      rig = await temporalRig(store, { address: server.address, queue: 'conformance', cacheDir });
    });
    after(async () => {
      await rig[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    for (const scenario of SCENARIOS) {
      test(scenario.name, { timeout: 120_000 }, async () => {
        await using local = await localRig(sqlite);
        await tellAlike([local, rig], scenario);
      });
    }
    for (const [index, scenario] of CRASH.entries()) {
      test(scenario.name, { timeout: 120_000 }, async () => {
        await using local = await killableLocalRig(sqlite);
        await using killable = await killableTemporalRig(store, { address: server.address, queue: `killed-${index}`, cacheDir });
        await tellAlike([local, killable], scenario);
      });
    }
  });
}
