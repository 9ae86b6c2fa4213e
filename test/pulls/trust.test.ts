import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { GITHUB } from '../githost/dialects.ts';
import { ESTATE, POLICY, saying } from './estate.ts';
import { type LoopSite, openLoopSite } from './site.ts';

suite('whom the pull-request loop trusts', () => {
  let site: LoopSite;
  before(async () => {
    site = await openLoopSite(GITHUB);
  });
  after(() => site[Symbol.asyncDispose]());

  test('a fork is looked at and never executed; once allowed it is previewed at arm’s length, and never applied before it is merged', async () => {
    const { git } = site;
    const files = { 'runbooks/hello.yaml': saying('hello', 'lab', 'from outside') };
    const number = await site.propose('gift', files, { by: git.eve, fork: true });
    const told = await site.comment(number, /nothing of this change was executed: its head comes from another repository/);
    assert.match(told, /✅ allowed.*not previewed/);
    await site.status(number, 'slipway: hello', 'pending');
    await site.quiet();
    assert.deepEqual(site.worlds, [], 'nothing outside was opened');
    const { sha } = site.pull(number);
    assert.match((await site.say(git.eve, number, `slipway allow ${sha}`)).text, /⛔ eve may not write/);
    assert.match((await site.say(git.ada, number, 'slipway plan')).text, /⛔ nothing of this change is executed/);
    assert.match((await site.say(git.ada, number, `slipway allow ${sha.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`)).text, /⛔.*is not the head/);
    assert.deepEqual(site.worlds, []);
    assert.match((await site.say(git.ada, number, `slipway allow ${sha}`)).text, /✅/);
    await site.comment(number, /1 planned/);
    assert.ok(site.worlds.length > 0);
    assert.ok(site.worlds.every(({ isGuarded }) => isGuarded === true));
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /⛔.*it comes from another repository; merge it first/s);
    const next = await git.commit({ branch: 'gift', files: { 'runbooks/hello.yaml': saying('hello', 'lab', 'something else') }, fork: git.eve });
    const opened = site.worlds.length;
    await site.tell();
    await site.comment(number, new RegExp(`of \`${next.slice(0, 12)}\``));
    await site.comment(number, /nothing of this change was executed/);
    assert.equal(site.worlds.length, opened, 'what was allowed was the head before');
  });

  test('policies and gates of a change do not judge it: those of the default branch do', async () => {
    const { git } = site;
    const number = await site.propose('loosen', {
      'policies/site.rego': POLICY.replace('== "eve"', '== "nobody"'),
      'runbooks/estate.yaml': ESTATE.replace('production: true', 'production: false\napply: { when: beforeMerge, approvals: { required: 0 } }'),
      'runbooks/ship.yaml': saying('ship', 'prod', 'to eve').replace('default: world', 'default: eve'),
      'runbooks/hello.yaml': saying('hello', 'lab', 'fine'),
    });
    const told = await site.comment(number, /nobody greets eve/);
    assert.match(told, /judged by those of the default branch/);
    assert.equal(await site.status(number, 'slipway: ship', 'failure'), 'denied by policies');
    assert.match((await site.say(git.ada, number, 'slipway apply -r ship')).text, /⛔/);
    await site.say(git.ada, number, 'slipway plan -r ship');
    const rules = (await site.say(git.ada, number, 'slipway apply -r ship')).text;
    assert.match(rules, /ship: policies: slipway\.site\.deny: nobody greets eve/);
    assert.match(rules, /ship: 1 approval for prod: 0 of 1/);
    assert.match(rules, /ship: merged: it is open/);
    assert.deepEqual(await site.runs(), []);
  });

  test('an approval counts for the plan that was shown, by somebody who did not make it, and no longer than that plan', async () => {
    const { git, carl } = site;
    const number = await site.propose('ship', { 'runbooks/ship.yaml': saying('ship', 'prod', 'first') });
    await site.comment(number, /0 of 1/);
    assert.match((await site.say(git.ada, number, 'slipway approve')).text, /✅ approved the plan of ship/, 'it is heard');
    await site.comment(number, /1 approval for prod: 0 of 1/);
    assert.match((await site.say(carl, number, 'slipway approve')).text, /⛔/);
    await site.say(git.bert, number, 'slipway approve');
    await site.comment(number, /1 approval for prod: 1 of 1, by bert/);
    const next = await git.commit({ branch: 'ship', files: { 'runbooks/ship.yaml': saying('ship', 'prod', 'second') } });
    await site.tell();
    const told = await site.comment(number, new RegExp(`of \`${next.slice(0, 12)}\`[^]*plan: sha256`));
    assert.match(told, /1 approval for prod: 0 of 1/);
    await site.say(git.bert, number, 'slipway approve');
    await site.comment(number, /1 of 1, by bert/);
    assert.match((await site.say(git.bert, number, 'slipway apply')).text, /1 approval for prod: 0 of 1/, 'whoever applies it does not approve it');
    // Other policies of the default branch: the plan is another one, and so is what was approved.
    await git.commit({ branch: 'main', files: { 'policies/site.rego': `${POLICY}\n# reviewed\n` } });
    await site.tell();
    await site.comment(number, /The plan no longer counts/);
    await site.say(git.ada, number, 'slipway plan');
    await site.comment(number, /1 approval for prod: 0 of 1/);
    // It is brought up to date with the default branch, so that what is merged is what was planned.
    const last = await git.commit({ branch: 'ship', force: true, files: { 'runbooks/ship.yaml': saying('ship', 'prod', 'third') } });
    await site.tell();
    const [, digest = ''] = /plan: (sha256:[0-9a-f]{64})/.exec(await site.comment(number, new RegExp(`${last.slice(0, 12)}\`[^]*plan: sha256`))) ?? [];
    await site.say(git.bert, number, 'slipway approve');
    git.forge.merge(git.repository, site.pull(number), git.forge.person('bert'));
    await site.tell();
    await site.comment(number, /default branch: has what was planned/);
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /✅ started/);
    await site.comment(number, /run-\S+: succeeded/);
    const [run] = await site.runs();
    assert.deepEqual([run?.runbook, run?.planDigest], ['ship', digest]);
  });
});
