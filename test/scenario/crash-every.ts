import { test } from 'node:test';
import { crashEverywhere, type Enumeration, SIDE_BY_SIDE } from './crash-points.ts';
import { createdOnly, endOf, rollbackRequested } from './crash-start.ts';
import { scenarioHome } from './support.ts';

// Every boundary, none left out; takes long, so `npm run test:crash` runs it and `npm test` runs flagship-crash.test.ts.
// The flagship is cut into stretches, each of which begins where the process died at the end of the one before: else
// every crash late in the run would have to make the clouds and measure both sides first.

test('kill -9 at every boundary of the journal, then resume: the flagship ends as if nothing had happened', async (t) => {
  using created = scenarioHome();
  await createdOnly(created);
  using provisioned = await endOf('provision', created.dir);
  using judged = await endOf('dual', provisioned.dir);
  const stretches: Readonly<Record<string, Enumeration>> = {
    'cutover and retire': { start: judged.dir, code: 0, least: 80 },
    dual: { start: provisioned.dir, until: 'phaseFinished dual', code: 0, least: 15 },
    'prepare and provision': { start: created.dir, until: 'phaseFinished provision', code: 0, least: 60 },
  };
  for (const [name, stretch] of Object.entries(stretches)) await t.test(name, SIDE_BY_SIDE, (one) => crashEverywhere(one, stretch));
});

test('kill -9 at every boundary of a rollback, then resume: everything is undone once', SIDE_BY_SIDE, async (t) => {
  using start = await rollbackRequested();
  await crashEverywhere(t, { start: start.dir, code: 13, least: 40 });
});
