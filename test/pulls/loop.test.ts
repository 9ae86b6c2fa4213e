import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { HostRequest } from '../../src/githost/index.ts';
import { GITHUB } from '../githost/dialects.ts';
import { onHosts, saying } from './estate.ts';
import { type LoopSite, openLoopSite } from './site.ts';

suite('the pull-request loop', () => {
  let site: LoopSite;
  before(async () => {
    site = await openLoopSite(GITHUB);
  });
  after(() => site[Symbol.asyncDispose]());

  test('a change is planned, judged, told in one comment and in statuses, and applied as it was shown; told again, nothing happens again', async () => {
    const { git } = site;
    await git.commit({ branch: 'greet', files: { 'runbooks/hello.yaml': saying('hello', 'lab', 'good morning') } });
    const number = await git.openPull(git.ada, { head: 'greet', title: 'greet' });
    const told: HostRequest[] = [...(await site.tell())];
    const planned = await site.comment(number, /1 planned/);
    const [, digest = ''] = /plan: (sha256:[0-9a-f]{64})/.exec(planned) ?? [];
    assert.match(planned, /slipway apply -r hello/);
    await site.status(number, 'slipway: hello', 'pending');
    const asked = await git.comment(git.ada, number, 'slipway apply -r hello');
    told.push(...(await site.tell()));
    await site.comment(number, /run-\S+: succeeded/);
    await site.status(number, 'slipway: hello', 'success');
    const [run] = await site.runs();
    assert.deepEqual([run?.runbook, run?.state, run?.planDigest], ['hello', 'succeeded', digest]);
    await site.quiet();
    assert.deepEqual(await git.reactions(number, asked), ['eyes', '+1']);
    const before = site.remarks(number).map(({ id, text, version }) => ({ id, text, version }));
    assert.deepEqual(new Set(before.map(({ text }) => /\(slipway (plan|reply)/.exec(text)?.[1])), new Set(['plan', 'reply']));
    assert.equal(before.length, 2);
    for (const delivery of [...told, ...told.toReversed()]) {
      const answer = await site.send(delivery);
      assert.deepEqual([answer.status, answer.json['repeated'] ?? true], [202, true]);
    }
    await site.quiet();
    assert.deepEqual(
      site.remarks(number).map(({ id, text, version }) => ({ id, text, version })),
      before,
    );
    assert.equal((await site.runs()).length, 1);
    const again = await site.say(git.ada, number, 'slipway apply');
    assert.match(again.text, /⛔ .*has applied this plan/);
    const next = await git.commit({ branch: 'greet', files: { 'runbooks/hello.yaml': saying('hello', 'lab', 'good evening') } });
    await site.tell();
    await site.comment(number, new RegExp(`${next.slice(0, 12)}\`[^]*plan: sha256`));
    assert.equal(await site.status(number, 'slipway: hello', 'pending'), 'to be applied before it is merged', 'what ran was the head before');
    assert.match((await site.say(git.ada, number, 'slipway apply')).text, /started/);
    await site.comment(number, /run-\S+: succeeded/);
    await git.close(number);
    await site.tell();
    await site.comment(number, /what was applied of it is still there/);
  });

  test('mistakes are told with their places, and nothing of a change that has some is executed', async () => {
    const text = saying('hello', 'lab', 'oops').replace('phases:', 'phasse:');
    const number = await site.propose('wrong', { 'runbooks/hello.yaml': text });
    const told = await site.comment(number, /mistake/);
    assert.match(told, /\[`runbooks\/hello\.yaml:\d+`\]\(/);
    assert.match(await site.status(number, 'slipway', 'failure'), /mistake/);
    const answer = await site.say(site.git.ada, number, 'slipway apply');
    assert.match(answer.text, /⛔/);
    assert.equal((await site.runs()).length, 2);
  });

  test('a change of nothing that runbooks use gets a status and no comment', async () => {
    const number = await site.propose('docs', { 'docs/read.me': 'x' });
    assert.equal(await site.status(number, 'slipway', 'success'), 'no runbook is affected');
    await site.quiet();
    assert.deepEqual(site.remarks(number), []);
  });

  test('commands: who may not is refused, what is unknown is named, what was edited or quoted asks for nothing', async () => {
    const { git, carl } = site;
    const number = await site.propose('asked', { 'runbooks/hello.yaml': saying('hello', 'lab', 'asked') });
    await site.comment(number, /1 planned/);
    const refused = await site.say(git.eve, number, 'slipway apply -r hello');
    assert.match(refused.text, /⛔ eve may not write to this repository/);
    assert.deepEqual(await git.reactions(number, String(refused.text.match(/reply:(\d+)/)?.[1])), ['eyes', '-1']);
    assert.match((await site.say(carl, number, 'slipway apply -r hello')).text, /⛔/);
    assert.match((await site.say(carl, number, 'slipway approve')).text, /⛔/);
    assert.match((await site.say(git.ada, number, 'slipway aply')).text, /did you mean "slipway apply"/);
    assert.match((await site.say(git.ada, number, 'slipway apply -r helo')).text, /did you mean "hello"/);
    assert.match((await site.say(git.ada, number, 'slipway apply; rm -rf /')).text, /⛔/);
    assert.match((await site.say(git.ada, number, 'slipway help')).text, /slipway rollback/);
    const remarks = site.remarks(number).length;
    const edited = await git.comment(git.ada, number, 'slipway apply');
    const remark = site.pull(number).remarks.find(({ id }) => String(id) === edited);
    Object.assign(remark ?? {}, { text: 'slipway help' });
    for (const text of ['> slipway apply', 'please\nslipway apply', 'slipways apply']) await git.comment(git.ada, number, text);
    await site.tell();
    await site.quiet();
    assert.equal(site.remarks(number).length, remarks);
    assert.equal((await site.runs()).length, 2);
  });

  test('two changes of the same machines keep each other out until the first is unlocked', async () => {
    const { git } = site;
    const first = await site.propose('first', { 'runbooks/one.yaml': onHosts('one', 'date') });
    const second = await site.propose('second', { 'runbooks/two.yaml': onHosts('two', 'date') });
    await site.comment(first, /1 planned/);
    await site.comment(second, /1 planned/);
    assert.match((await site.say(git.ada, first, 'slipway apply')).text, /started/);
    await site.comment(first, /hosts:web` is held by this change/);
    assert.match((await site.say(git.ada, second, 'slipway apply')).text, new RegExp(`⛔.*hosts:web: held by pull:git/ada/estate\\\\?#${first}`, 's'));
    assert.match((await site.say(git.ada, first, 'slipway unlock')).text, /⛔.*still works on what is locked/);
    assert.match((await site.say(git.ada, first, 'slipway cancel')).text, /asked to stop/);
    await site.comment(first, /run-\S+: cancelled/);
    assert.match((await site.say(git.ada, first, 'slipway unlock')).text, /gave back hosts:web/);
    assert.match((await site.say(git.ada, second, 'slipway apply')).text, /started/);
    await site.comment(second, /waits for a decision at/);
    assert.match((await site.say(git.bert, second, 'slipway reject')).text, /rejected work\/ask/);
    await site.comment(second, /run-\S+: (?:failed|rolledBack)/);
    await git.close(second);
    await site.tell();
    await site.quiet();
    assert.deepEqual(
      (await site.parts.deps.store.locks.locks()).filter(({ heldBy }) => heldBy !== undefined),
      [],
    );
  });
});
