import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { gitIn } from '../fakes/forge/git.ts';
import { BITBUCKET, GITHUB, GITLAB } from '../githost/dialects.ts';
import { until } from '../server/site.ts';
import { saying } from './estate.ts';
import { type LoopSite, openLoopSite } from './site.ts';

export const HOSTS: readonly (readonly [name: string, open: () => Promise<LoopSite>])[] = [
  ['GitHub', () => openLoopSite(GITHUB)],
  ['GitLab', () => openLoopSite(GITLAB)],
  ['Bitbucket Data Center', () => openLoopSite(BITBUCKET)],
];

/** One change from its pull request to production and back, the same on every host. */
export function tellOn([name, open]: (typeof HOSTS)[number]): void {
  suite(`the pull-request loop with ${name}`, () => {
    let site: LoopSite;
    const number = 1;
    before(async () => {
      site = await open();
    });
    after(() => site?.[Symbol.asyncDispose]());
    const sticky = () => site.remarks(number).filter(({ text }) => text.includes('(slipway plan)'));

    test('opened: it is planned, and told in one comment and in statuses; commands are answered', async () => {
      const { git } = site;
      assert.equal(await site.propose('ship', { 'runbooks/ship.yaml': saying('ship', 'prod', 'first') }), number);
      await site.comment(number, /1 planned[^]*1 approval for prod: 0 of 1/);
      assert.equal(await site.status(number, 'slipway: ship', 'success'), 'planned and allowed');
      assert.match(await site.status(number, 'slipway', 'success'), /^1 affected: 1 fine/);
      assert.match((await site.say(git.eve, number, 'slipway plan')).text, /⛔ eve may not write/);
      assert.match((await site.say(git.ada, number, 'slipway apply')).text, /⛔[^]*ship: merged: it is open/);
    });

    test('approved: a new head drops the vote and edits the same comment', async () => {
      const { git } = site;
      const asked = await site.say(git.bert, number, 'slipway approve');
      assert.match(asked.text, /✅ approved the plan of ship/);
      const [, id = ''] = /\(slipway reply:(\d+)\)/.exec(asked.text) ?? [];
      assert.equal((await git.reactions(number, id)).length, 2, 'seen, and done');
      await site.comment(number, /1 of 1, by bert/);
      const [before] = sticky();
      const head = await git.commit({ branch: 'ship', files: { 'runbooks/ship.yaml': saying('ship', 'prod', 'second') } });
      await site.tell();
      await site.comment(number, new RegExp(`of \`${head.slice(0, 12)}\`[^]*plan: sha256[^]*1 approval for prod: 0 of 1`));
      assert.deepEqual(
        sticky().map((each) => each.id),
        [before?.id],
      );
      await site.say(git.bert, number, 'slipway approve');
      await site.comment(number, /1 of 1, by bert/);
    });

    test('merged: exactly what was planned is applied', async () => {
      const { git } = site;
      const [, digest = ''] = /plan: (sha256:[0-9a-f]{64})/.exec(await site.comment(number, /1 of 1/)) ?? [];
      git.forge.merge(git.repository, site.pull(number), git.forge.person('bert'));
      await site.tell();
      await site.comment(number, /default branch: has what was planned/);
      assert.match((await site.say(git.ada, number, 'slipway apply')).text, /✅ started run-/);
      await site.comment(number, /run-\S+: succeeded/);
      assert.match(await site.status(number, 'slipway: ship', 'success'), /succeeded/);
      const [run] = await site.runs();
      assert.deepEqual([run?.runbook, run?.state, run?.planDigest], ['ship', 'succeeded', digest]);
    });

    test('rolled back: a pull request takes the change back, and the runbook is pinned until that is merged', async () => {
      const { git } = site;
      assert.match((await site.say(git.ada, number, 'slipway rollback')).text, /is being undone by run-/);
      await site.comment(number, /run-\S+: rolledBack/);
      const revert = await until(
        () => `a pull request that reverts; ${JSON.stringify(site.logged.slice(-5))}`,
        async () => git.repository.pulls.find(({ title }) => title === 'Revert #1: ship'),
      );
      assert.match(gitIn(git.repository.folder, 'show', `${revert.sha}:runbooks/ship.yaml`), /text: 'shipped'/);
      await site.tell();
      await site.comment(revert.number, /📌/);
      git.forge.merge(git.repository, revert, git.forge.person('bert'));
      await site.tell();
      assert.doesNotMatch(await site.comment(revert.number, /1 planned/), /📌/);
      await site.quiet();
      assert.deepEqual([sticky().length, git.repository.pulls.length], [1, 2]);
    });
  });
}
