import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { pushBranch, writeRevert } from '../../src/repo/index.ts';
import { bareGit, serveGit } from '../support/git-http.ts';
import { AUTHORIZATION, makeHost, mirrorOf, refused } from './mirror-host.ts';

suite('undoing a commit', () => {
  test('a commit is undone on a branch of its own, once, and pushed only where nobody else pushed', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root, authorization: AUTHORIZATION });
    host.write('runbooks/a.yaml', 'two');
    const change = host.commit('two');
    host.write('docs/later.md', 'kept');
    const later = host.commit('later');
    host.push();
    const mirror = await mirrorOf(host, server.url);
    await mirror.fetch();
    const author = { name: 'Slipway', email: 'slipway@example.org', at: Date.UTC(2026, 10, 23) };
    const request = { undo: change, onto: 'main', message: 'Revert "two"\n\nrolled back', author };
    const reverted = await writeRevert(mirror.path, request, host);
    assert.equal(await writeRevert(mirror.path, request, host), reverted, 'a crash makes no second one');
    assert.deepEqual(await mirror.changedFiles(later, reverted), [{ path: 'runbooks/a.yaml', change: 'modified' }]);
    const file = await mirror.fileIn({ revision: reverted, path: 'runbooks/a.yaml', mostBytes: 100 });
    assert.equal(file.found === 'file' ? Buffer.from(file.content).toString() : '', 'one');
    const remote = { access: { url: `${server.url}/estate.git`, authorization: new Secret(AUTHORIZATION) }, context: host };
    for (let times = 0; times < 2; times++) await pushBranch(mirror.path, { branch: 'slipway/revert', commit: reverted }, remote);
    assert.equal(bareGit(host.bare, 'rev-parse', 'refs/heads/slipway/revert'), reverted);
    await assert.rejects(pushBranch(mirror.path, { branch: 'slipway/revert', commit: later }, remote), refused('PUSH_REFUSED'));
    await pushBranch(mirror.path, { branch: 'slipway/revert', commit: later, expected: reverted }, remote);
    for (const branch of ['-x', 'a..b', 'a b', '@{-1}', ''])
      await assert.rejects(pushBranch(mirror.path, { branch, commit: later }, remote), refused('BAD_REVISION'), branch);
    await assert.rejects(writeRevert(mirror.path, { ...request, onto: reverted }, host), refused('REVERT_NOTHING'));
    host.write('runbooks/a.yaml', 'three');
    host.commit('three');
    host.push();
    await mirror.fetch();
    await assert.rejects(writeRevert(mirror.path, request, host), refused('REVERT_CONFLICT'));
  });

  test('a merge is undone as a whole', async () => {
    await using host = makeHost();
    const before = host.git('rev-parse', 'HEAD');
    host.git('checkout', '--quiet', '-b', 'change');
    for (const text of ['x', 'y']) {
      host.write(text, text);
      host.commit(text);
    }
    host.git('checkout', '--quiet', 'main');
    host.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'change');
    const merge = host.git('rev-parse', 'HEAD');
    const gitDir = join(host.repository, '.git');
    const reverted = await writeRevert(gitDir, { undo: merge, onto: merge, message: 'back', author: { name: 'S', email: 's@example.org', at: 0 } }, host);
    assert.equal(host.git('rev-parse', `${reverted}^{tree}`), host.git('rev-parse', `${before}^{tree}`));
  });
});
