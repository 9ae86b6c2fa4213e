import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GITHUB, GITLAB } from '../githost/dialects.ts';
import { crashAt, NEVER } from './crash-cycle.ts';

// `kill -9` at every boundary of journal and store, and after everything that the host was asked to do and before its answer, on the way of one change from
// pull request to run. Two at a time, for they mostly wait. Boundaries are played with GitLab, as Slipway waits a second between two writes to GitHub.
const every = Number(process.env['SLIPWAY_CRASH_STEP'] ?? 1);
const { boundaries } = await crashAt(GITLAB, NEVER);
const { writes } = await crashAt(GITHUB, NEVER);
assert.ok(boundaries > 60 && writes > 8, `only ${boundaries} boundaries and ${writes} writes`);
suite('a server that is killed leads to one comment, one answer and one run', { concurrency: 2 }, () => {
  for (const [at, count] of [
    ['write', writes],
    ['boundary', boundaries],
  ] as const) {
    for (let nth = 1; nth <= count; nth += every) {
      test(`${at} ${nth} of ${count}`, async (context) => {
        const { isReached } = await (at === 'write' ? crashAt(GITHUB, { at, nth }) : crashAt(GITLAB, { at, nth }));
        if (!isReached) context.diagnostic('it was not reached this time');
      });
    }
  }
});
