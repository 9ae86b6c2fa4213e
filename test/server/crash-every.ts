import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countBoundaries, crashAt } from './crash-cycle.ts';

// `kill -9` at every boundary of journal and store between the start of a server and the end of a run that a delivery starts. Each cycle has a folder, a port and
// processes of its own, so that two go on at a time.
const count = await countBoundaries();
assert.ok(count > 20, `only ${count} boundaries`);
describe(`kill -9 at each of ${count} boundaries`, { concurrency: 2 }, () => {
  for (let at = 1; at <= count; at++) {
    test(`boundary ${at}`, async (context) => {
      if (!(await crashAt(at))) context.diagnostic('it was not reached this time');
    });
  }
});
