import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { killableLocalRig, killableTemporalRig } from '../engine/conformance/killable.ts';
import { localRig } from '../engine/conformance/local.ts';
import { type Rig, tell } from '../engine/conformance/rig.ts';
import { postgresOn, sqlite, type Store } from '../engine/conformance/stores.ts';
import { comparable, lanes, type Scenario } from '../engine/conformance/scenario.ts';
import { CRASH } from '../engine/conformance/scenarios-crash.ts';
import { runIdOf, SCENARIOS } from '../engine/conformance/scenarios.ts';
import { temporalRig } from '../engine/conformance/temporal.ts';
import { type Postgres, startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { type DevServer, startServer } from './server.ts';

/** Everything on both stores, unless only a sample is asked for; then half of it on each. */
const IS_SAMPLE = process.env['SLIPWAY_CONFORMANCE'] === 'sample';
const part = (scenarios: readonly Scenario[], every: number, first: number) => (IS_SAMPLE ? scenarios.filter((_, n) => n % every === first) : scenarios);
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

interface Told {
  readonly store: () => Store;
  readonly scenarios: readonly Scenario[];
  readonly crashes: readonly Scenario[];
}

function tellAll({ store, scenarios, crashes }: Told): void {
  let server: DevServer;
  let rig: Rig;
  before(async () => {
    server = await startServer(program);
    rig = await temporalRig(store(), { address: server.address, queue: 'conformance', cacheDir });
  });
  after(async () => {
    await rig[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  for (const scenario of scenarios) {
    test(scenario.name, { timeout: 120_000 }, async () => {
      await using local = await localRig(sqlite);
      await tellAlike([local, rig], scenario);
    });
  }
  for (const [index, scenario] of crashes.entries()) {
    test(scenario.name, { timeout: 120_000 }, async () => {
      await using local = await killableLocalRig(sqlite);
      await using killable = await killableTemporalRig(store(), { address: server.address, queue: `killed-${index}`, cacheDir });
      await tellAlike([local, killable], scenario);
    });
  }
}

describe('Temporal, SQLite', { concurrency: 3 }, () => tellAll({ store: () => sqlite, scenarios: part(SCENARIOS, 4, 0), crashes: part(CRASH, 5, 2) }));

describe('Temporal, PostgreSQL', { concurrency: 3, skip: whyNoPostgres() ?? false }, () => {
  let database: Postgres;
  before(async () => (database = await startPostgres()));
  after(() => database[Symbol.asyncDispose]());
  tellAll({ store: () => postgresOn(database), scenarios: part(SCENARIOS, 4, 2), crashes: part(CRASH, 5, 3) });
});
