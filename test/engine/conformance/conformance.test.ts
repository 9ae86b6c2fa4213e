import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Postgres, startPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { localRig } from './local.ts';
import { type Rig, tell } from './rig.ts';
import type { Scenario } from './scenario.ts';
import { CRASH } from './scenarios-crash.ts';
import { runIdOf, SCENARIOS } from './scenarios.ts';
import { postgresOn, sqlite, type Store } from './stores.ts';

// Every engine tells the same stories on each store. The engine that needs a server of its own is in test/temporal, by "npm run test:temporal".

// Here a driver that is killed is let go within this process; real ones are killed in test:temporal, and by the tests of crashes.
/** Every third one on the slower store, unless all are asked for; test:temporal asks. */
const ALL: readonly Scenario[] = [...SCENARIOS, ...CRASH];
const SAMPLE = process.env['SLIPWAY_CONFORMANCE'] === 'all' ? ALL : ALL.filter((_, n) => n % 3 === 0);

function conform(storeOf: () => Store, scenarios = ALL): void {
  for (const scenario of scenarios) {
    test(scenario.name, { timeout: 100_000 }, async () => {
      await using rig = await localRig(storeOf());
      await tellAndCheck(rig, scenario);
    });
  }
}

async function tellAndCheck(rig: Rig, scenario: Scenario): Promise<void> {
  const told = await tell(rig, scenario, runIdOf(scenario));
  assert.equal(told.state, scenario.state);
  scenario.check?.(told);
}

describe('local engine, SQLite', { concurrency: 6 }, () => conform(() => sqlite));

describe('local engine, PostgreSQL', { concurrency: 6, skip: whyNoPostgres() ?? false }, () => {
  let server: Postgres;
  before(async () => (server = await startPostgres()));
  after(() => server[Symbol.asyncDispose]());
  conform(() => postgresOn(server), SAMPLE);
});
