import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countBoundaries, crashAt } from './crash-cycle.ts';

// `kill -9` at every boundary of journal and store between the start of a server and the end of a run that a delivery starts. Takes about ten minutes.
const count = await countBoundaries();
assert.ok(count > 20, `only ${count} boundaries`);
for (let at = 1; at <= count; at++) {
  test(`boundary ${at} of ${count}`, async (context) => {
    if (!(await crashAt(at))) context.diagnostic('it was not reached this time');
  });
}
