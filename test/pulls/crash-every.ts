import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashAt, NEVER } from './crash-cycle.ts';

// `kill -9` at every boundary of journal and store, and after everything that the host was asked to do and before its answer, on the way of one change from
// pull request to run. Takes about half an hour.
const { boundaries, writes } = await crashAt(NEVER);
assert.ok(boundaries > 60 && writes > 8, `only ${boundaries} boundaries and ${writes} writes`);
const step = Number(process.env['SLIPWAY_CRASH_STEP'] ?? 1);
for (const [at, count] of [
  ['write', writes],
  ['boundary', boundaries],
] as const) {
  for (let nth = 1; nth <= count; nth += step) {
    test(`${at} ${nth} of ${count}`, async (context) => {
      if (!(await crashAt({ at, nth })).isReached) context.diagnostic('it was not reached this time');
    });
  }
}
