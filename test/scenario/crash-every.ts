import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashEverywhere } from './crash-points.ts';
import { createdOnly, rollbackRequested } from './crash-start.ts';
import { scenarioHome } from './support.ts';

// Every boundary, none left out; takes long, so `npm run test:crash` runs it and `npm test` runs flagship-crash.test.ts.

test('kill -9 at every boundary of the journal, then resume: the flagship ends as if nothing had happened', async (t) => {
  using start = scenarioHome();
  await createdOnly(start.dir);
  const { boundaries, died } = await crashEverywhere(t, { start: start.dir, code: 0 });
  t.diagnostic(`died at ${died} boundaries; an unbroken run has ${boundaries}`);
  assert.ok(died > 100, `only ${died} boundaries`);
});

test('kill -9 at every boundary of a rollback, then resume: everything is undone once', async (t) => {
  using start = scenarioHome();
  await rollbackRequested(start.dir);
  const { boundaries, died } = await crashEverywhere(t, { start: start.dir, code: 13 });
  t.diagnostic(`died at ${died} boundaries; an unbroken rollback has ${boundaries}`);
  assert.ok(died > 30, `only ${died} boundaries`);
});
