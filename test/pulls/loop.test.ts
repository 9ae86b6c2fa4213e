import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { saying } from './estate.ts';
import { type LoopSite, openLoopSite } from './site.ts';

suite('the pull-request loop', () => {
  let site: LoopSite;
  before(async () => {
    site = await openLoopSite();
  });
  after(() => site[Symbol.asyncDispose]());

  test('a change is planned, judged, told in one comment and in statuses, and applied as it was shown', async () => {
    const number = await site.propose('greet', { 'runbooks/hello.yaml': saying('hello', 'lab', 'good morning') });
    const planned = await site.comment(number, /1 planned/);
    const [, digest = ''] = /plan: (sha256:[0-9a-f]{64})/.exec(planned) ?? [];
    assert.match(planned, /slipway apply -r hello/);
    await site.status(number, 'slipway: hello', 'pending');
    const answer = await site.say(site.git.ada, number, 'slipway apply -r hello');
    assert.match(answer.text, /✅ started run-/);
    await site.comment(number, /run-\S+: succeeded/);
    await site.status(number, 'slipway: hello', 'success');
    const [run] = await site.runs();
    assert.deepEqual([run?.runbook, run?.state, run?.planDigest], ['hello', 'succeeded', digest]);
    await site.quiet();
    assert.equal(site.remarks(number).filter(({ text }) => text.includes('(slipway plan)')).length, 1);
  });
});
