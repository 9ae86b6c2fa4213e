import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { commitAt, gitIn } from '../fakes/forge/git.ts';
import { until } from '../server/site.ts';
import { GITHUB } from '../githost/dialects.ts';
import { saying } from './estate.ts';
import { type LoopSite, openLoopSite } from './site.ts';

suite('changes that land and are taken back', () => {
  let site: LoopSite;
  before(async () => {
    site = await openLoopSite(GITHUB);
  });
  after(() => site[Symbol.asyncDispose]());

  test('where the environment leaves the merge to Slipway, it comes first; a server that is replaced in the middle starts nothing twice', async () => {
    const { git } = site;
    const number = await site.propose('auto', { 'runbooks/auto.yaml': saying('auto', 'auto', 'automatic') });
    await site.comment(number, /1 planned/);
    await site.quiet();
    await git.comment(git.ada, number, 'slipway apply');
    await site.tell();
    await site.restart();
    await site.comment(number, /run-\S+: succeeded/);
    assert.equal(site.pull(number).state, 'merged');
    assert.match(gitIn(git.repository.folder, 'show', 'main:runbooks/auto.yaml'), /automatic/);
    assert.equal((await site.runs()).length, 1);
    await site.tell();
    await site.quiet();
    assert.equal(site.remarks(number).length, 2);
  });

  test('after a rollback a pull request takes the change back, and the runbook is pinned until that is merged', async () => {
    const { git } = site;
    const before = commitAt(git.repository.folder, 'main');
    const [applied] = site.git.repository.pulls;
    const number = applied?.number ?? 0;
    const answer = await site.say(git.ada, number, 'slipway rollback');
    assert.match(answer.text, /is being undone by run-/);
    await site.comment(number, /run-\S+: rolledBack/);
    const revert = await until(
      () => `a pull request that reverts; ${JSON.stringify(site.logged.slice(-5))}`,
      async () => git.repository.pulls.find(({ title }) => title === 'Revert #1: auto'),
    );
    assert.equal(git.repository.pulls.filter(({ title }) => title.startsWith('Revert')).length, 1);
    await site.tell();
    await site.comment(revert.number, /is pinned|pinned/);
    assert.match(gitIn(git.repository.folder, 'show', `${revert.sha}:runbooks/auto.yaml`), /text: 'merged'/);
    assert.notEqual(before, undefined);
    assert.match((await site.say(git.ada, revert.number, 'slipway plan')).text, /⛔.*pinned/);
    git.forge.merge(git.repository, revert, git.forge.person('bert'));
    await site.tell();
    await site.comment(revert.number, /1 planned/);
    assert.doesNotMatch(await site.comment(revert.number, /1 planned/), /📌/);
  });
});
