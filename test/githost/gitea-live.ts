import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { openMirror, pushBranch, writeRevert } from '../../src/repo/index.ts';
import { contract } from './contract.ts';
import { eventually, refused } from './expect.ts';
import { openGiteaSite } from './gitea-site.ts';

contract('a real Gitea', openGiteaSite);

suite('githost with a real Gitea', () => {
  let site: Awaited<ReturnType<typeof openGiteaSite>>;
  let cacheDir = '';
  before(async () => {
    site = await openGiteaSite();
    cacheDir = await mkdtemp(join(tmpdir(), 'slipway-live-'));
  });
  after(async () => {
    await site[Symbol.asyncDispose]();
    await rm(cacheDir, { recursive: true, force: true });
  });
  const env = () => ({ PATH: process.env['PATH'], HOME: cacheDir });
  const mirrorOf = (name = 'mine', authorization?: Secret) =>
    openMirror({
      name,
      cacheDir,
      env: env(),
      access: async () => ({ ...(await site.host.clone(site.repo)), ...(authorization ? { authorization } : {}) }),
    });

  test('git reads a private repository, forks included, and sees what the host says', async () => {
    const { host, repo, ada, eve } = site;
    await site.commit({ branch: 'main', files: { 'a.md': 'one\n'.repeat(20), 'b.md': 'b' } });
    await site.commit({ branch: 'change', files: { 'c.md': 'c' }, rename: [['a.md', 'moved.md']] });
    await site.commit({ branch: 'outside', files: { 'd.md': 'd' }, fork: eve });
    await site.commit({ branch: 'main', files: { 'later.md': '1' } });
    const numbers = [
      await site.openPull(ada, { head: 'change', title: 'change' }),
      await site.openPull(eve, { head: 'outside', title: 'outside', fork: true }),
    ];
    const [mirror, { pullRef }] = [await mirrorOf(), await host.clone(repo)];
    for (const number of numbers) {
      const pull = await host.pull(repo, number);
      await mirror.ensure(pull.head.sha, pullRef(number));
      await mirror.fetch();
      const files = await host.changedFiles(repo, number);
      assert.deepEqual(
        await mirror.changedFiles(pull.base.sha, pull.head.sha),
        [...files].sort((x, y) => (x.path < y.path ? -1 : 1)),
      );
      assert.equal(
        await mirror.behindBy('main', pull.head.sha),
        (
          await eventually(
            () => host.pull(repo, number),
            ({ behindBy }) => behindBy === 1,
          )
        ).behindBy,
      );
    }
    const first = (await host.pull(repo, numbers[0] ?? 0)).head.sha;
    const next = await site.commit({ branch: 'change', files: { 'c.md': 'replaced' }, force: true });
    await mirror.ensure(next, pullRef(numbers[0] ?? 0));
    const [old, now] = [await mirror.checkout({ commit: first }), await mirror.checkout({ commit: next })];
    assert.deepEqual([readFileSync(join(old.root, 'c.md'), 'utf8'), readFileSync(join(now.root, 'c.md'), 'utf8')], ['c', 'replaced']);
    await assert.rejects((await mirrorOf('other', new Secret('Basic d3Jvbmc6d3Jvbmc='))).fetch(), refused('GIT_DENIED'));
  });

  test('a merged change is undone by a pull request of ours', async () => {
    const { host, repo, ada } = site;
    await site.commit({ branch: 'main', files: { 'undo.md': 'before' } });
    const sha = await site.commit({ branch: 'undo', files: { 'undo.md': 'after' } });
    const number = await site.openPull(ada, { head: 'undo', title: 'undo me' });
    await eventually(
      () => host.pull(repo, number),
      ({ mergeable }) => mergeable === 'yes',
    );
    const merged = await eventually(
      () => host.merge(repo, number, { sha }).catch(() => undefined),
      (result) => result !== undefined,
    );
    const mirror = await mirrorOf();
    await mirror.fetch();
    const author = { name: 'Slipway', email: 'slipway@example.org', at: Date.now() };
    const reverted = await writeRevert(mirror.path, { undo: merged?.sha ?? '', onto: 'main', message: `Revert #${number}`, author }, { env: env() });
    const access = await host.clone(repo, { write: true });
    await pushBranch(mirror.path, { branch: `slipway/revert-${number}`, commit: reverted }, { access, context: { env: env() } });
    const opened = await host.openPullRequest({ repo, head: `slipway/revert-${number}`, base: 'main', title: `Revert #${number}`, body: 'rolled back' });
    assert.deepEqual(await host.changedFiles(repo, opened.number), [{ path: 'undo.md', change: 'modified' }]);
    assert.equal(Buffer.from((await host.fileAt(repo, reverted, 'undo.md')) ?? []).toString(), 'before');
  });

  test('a name that was given to somebody else is not the account that was meant', async () => {
    const { host, repo, bert, gitea } = site;
    assert.equal(await host.permission(repo, bert), 'write');
    await gitea.api('POST /admin/users/bert/rename', { body: { new_username: 'bert-of-before' } });
    const impostor = await gitea.user('bert', 'another-bert@example.org');
    await gitea.api(`PUT /repos/${repo}/collaborators/bert`, { body: { permission: 'admin' } });
    assert.equal(await host.permission(repo, bert), 'none');
    assert.equal(await host.permission(repo, { login: 'bert', id: String(impostor.id) }), 'admin');
    assert.equal(await host.permission(repo, { login: 'bert-of-before', id: bert.id }), 'write');
  });

  test('a team is asked for now', async () => {
    const { host, gitea, eve } = site;
    await gitea.api('POST /orgs', { body: { username: 'harbor' } });
    const { id } = (await gitea.api('POST /orgs/harbor/teams', { body: { name: 'cab', permission: 'read', units: ['repo.code'] } })) as { id: number };
    await gitea.api(`PUT /teams/${id}/members/slipway-bot`);
    assert.equal(await host.isMember('harbor/cab', eve), false);
    await gitea.api(`PUT /teams/${id}/members/eve`);
    assert.equal(await host.isMember('harbor/cab', eve), true);
    await assert.rejects(host.isMember('harbor/none', eve), refused('HOST_NOT_FOUND'));
  });

  test('a host that is away is said to be, and found again', async () => {
    const { host, repo, gitea } = site;
    const restarting = gitea.restart();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await assert.rejects(host.statuses(repo, '1'.repeat(40)), refused('HOST_UNREACHABLE'));
    await restarting;
    assert.equal((await host.pull(repo, 1)).number, 1);
  });
});
