import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { GITHUB } from '../githost/dialects.ts';
import { saying } from './estate.ts';
import { type LoopSite, openLoopSite } from './site.ts';

/** Writes at the host from a pull request to the answer of `apply`, at least. */
const WRITES = 8;

suite('a server that dies while it looks after a pull request', () => {
  let site: LoopSite;
  before(async () => {
    site = await openLoopSite(GITHUB);
  });
  after(() => site[Symbol.asyncDispose]());

  // Other places every day; `npm run test:pulls-crash` kills a real process, and everywhere.
  const day = Math.floor(Date.now() / 86_400_000);
  for (const nth of [1 + ((day * 3) % WRITES), 1 + ((day * 3 + 5) % WRITES)]) {
    test(`leads to one comment, one answer and one run; dead after write ${nth}`, async () => {
      const { git } = site;
      const branch = `dead-${nth}`;
      await git.commit({ branch, files: { 'runbooks/hello.yaml': saying('hello', 'lab', branch) } });
      const known = (await site.runs()).length;
      const replaced = site.dieAtWrite(nth);
      const number = await git.openPull(git.ada, { head: branch, title: branch });
      await site.tell();
      // Whoever died before that has somebody who goes on.
      await site.comment(number, /1 planned/);
      await git.comment(git.ada, number, 'slipway apply');
      await site.tell();
      await replaced;
      await site.comment(number, /run-\S+: succeeded/);
      await site.quiet();
      const kinds = site.remarks(number).map(({ text }) => /\(slipway (plan|reply)/.exec(text)?.[1]);
      assert.deepEqual([kinds.length, new Set(kinds)], [2, new Set(['plan', 'reply'])]);
      assert.match(site.remarks(number)[1]?.text ?? '', /✅ started run-/);
      assert.deepEqual((await site.runs()).map(({ state }) => state).slice(0, 1), ['succeeded']);
      assert.equal((await site.runs()).length, known + 1);
    });
  }
});
