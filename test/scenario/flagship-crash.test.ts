import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashEverywhere } from './crash-points.ts';
import { beforeCreated, createdOnly, rollbackRequested } from './crash-start.ts';
import { scenarioHome } from './support.ts';

// A sample, so that it takes about a minute and a half; `npm run test:crash` (crash-every.ts) leaves no boundary out.
const FORWARD = 9;
const BACK = 3;
/** Easily lost, because nothing comes after it that would repair it. */
const LAST = ['after append runFinished'];

test('kill -9 before the run is on record leaves no half-made run, and the command can be repeated', async () => {
  using start = scenarioHome();
  await beforeCreated(start.dir);
  await createdOnly(start.dir);
});

test(
  `kill -9 at ${FORWARD} boundaries of the journal, evenly spread, and after its last event, then resume: the flagship ends as if nothing had happened`,
  { timeout: 600_000 },
  async (t) => {
    using start = scenarioHome();
    await createdOnly(start.dir);
    const { died } = await crashEverywhere(t, { start: start.dir, code: 0, sample: { spread: FORWARD, named: LAST } });
    assert.ok(died >= FORWARD, `it died at ${died} boundaries only`);
  },
);

test(
  `kill -9 at ${BACK} boundaries of a rollback, evenly spread, and after its last event, then resume: everything is undone once`,
  { timeout: 600_000 },
  async (t) => {
    using start = scenarioHome();
    await rollbackRequested(start.dir);
    const { died } = await crashEverywhere(t, { start: start.dir, code: 13, sample: { spread: BACK, named: LAST } });
    assert.ok(died >= BACK, `it died at ${died} boundaries only`);
  },
);
