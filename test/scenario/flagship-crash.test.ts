import { after, test } from 'node:test';
import { crashEverywhere, SIDE_BY_SIDE } from './crash-points.ts';
import { beforeCreated, createdOnly, rollbackRequested } from './crash-start.ts';
import { scenarioHome } from './support.ts';

// A sample, so that it takes about a minute and a half; `npm run test:crash` (crash-every.ts) leaves no boundary out.
const FORWARD = 7;
const BACK = 3;
/** Easily lost, because nothing comes after it that would repair it. */
const LAST = ['after append runFinished'];

const home = scenarioHome();
after(() => home[Symbol.dispose]());

test('kill -9 before the run is on record leaves no half-made run, and the command can be repeated', async () => {
  await beforeCreated(home);
  await createdOnly(home);
});

test(
  `kill -9 at ${FORWARD} boundaries evenly spread over the journal, and after its last event, then resume: the flagship ends as if nothing had happened`,
  { ...SIDE_BY_SIDE, timeout: 600_000 },
  async (t) => {
    await crashEverywhere(t, { start: home.dir, code: 0, least: FORWARD, sample: { spread: FORWARD, named: LAST } });
  },
);

test(
  `kill -9 at ${BACK} boundaries evenly spread over a rollback, and after its last event, then resume: everything is undone once`,
  { ...SIDE_BY_SIDE, timeout: 600_000 },
  async (t) => {
    using start = await rollbackRequested();
    await crashEverywhere(t, { start: start.dir, code: 13, least: BACK, sample: { spread: BACK, named: LAST } });
  },
);
