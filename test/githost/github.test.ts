import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';
import type { HostSettings } from '../../src/githost/index.ts';
import { commitAt } from '../fakes/forge/git.ts';
import { type GithubFake, serveGithub } from '../fakes/github.ts';
import { githubDelivery } from '../fakes/github-payloads.ts';
import { contract } from './contract.ts';
import { weather } from './contract-weather.ts';
import { refused } from './expect.ts';
import { type Dialect, openForgeSite } from './forge-site.ts';

const HOOK_SECRET = 'a webhook secret of tests';
const common = (fake: GithubFake) => ({ name: 'git', kind: 'github', url: 'https://github.example', apiUrl: fake.url }) as const;

const WITH_TOKEN: Dialect<GithubFake> = {
  repo: 'ada/estate',
  forkOf: (login) => `${login}/estate`,
  serve: serveGithub,
  settings: (fake): HostSettings => ({ ...common(fake), webhookSecrets: ['env:HOOK'], auth: { token: 'env:TOKEN' } }),
  secrets: (_fake, bot) => ({ TOKEN: bot.token, HOOK: HOOK_SECRET }),
  deliver: (forge, event) => githubDelivery(forge, event, HOOK_SECRET),
  withdraw: 'changesRequested',
};
const AS_APP: Dialect<GithubFake> = {
  ...WITH_TOKEN,
  settings: (fake) => ({ ...common(fake), webhookSecrets: ['env:HOOK'], auth: { app: { id: 4_711, key: 'env:KEY' } } }),
  secrets: (fake) => ({ KEY: fake.appKey, HOOK: HOOK_SECRET }),
};

contract('GitHub', () => openForgeSite(WITH_TOKEN));
weather('GitHub', () => openForgeSite(WITH_TOKEN));

suite('githost GitHub', () => {
  test('an App acts with tokens of its installations, and gives git one for that repository alone', async () => {
    await using site = await openForgeSite(AS_APP);
    assert.deepEqual(await site.host.self(), { id: String(site.forge.person('slipway-bot').id), login: 'slipway-bot' });
    await site.commit({ branch: 'change', files: { 'a.md': '1' } });
    const number = await site.openPull(site.ada, { head: 'change', title: 'change' });
    assert.equal((await site.host.pull(site.repo, number)).author.login, 'ada');
    assert.equal((await site.host.comments.create(site.repo, number, 'hello')).author.login, 'slipway-bot');
    const before = site.fake.log.filter((line) => line.includes('access_tokens')).length;
    for (let times = 0; times < 5; times++) await site.host.pull(site.repo, number);
    assert.equal(site.fake.log.filter((line) => line.includes('access_tokens')).length, before, 'a token serves until it expires');
    assert.equal(
      Buffer.from(((await site.host.clone(site.repo)).authorization?.reveal() ?? '').slice(6), 'base64').toString(),
      'x-access-token:ghs_ofTheInstallation0000000000000000000',
    );
    assert.ok(site.fake.log.filter((line) => line.includes('access_tokens')).length > before, 'git gets a narrower one');
  });

  test('teams are asked for by name, and one that is not there is an error', async () => {
    await using site = await openForgeSite(WITH_TOKEN);
    site.forge.groups.set('acme/cab', ['ada']);
    assert.deepEqual([await site.host.isMember('acme/cab', site.ada), await site.host.isMember('acme/cab', site.bert)], [true, false]);
    assert.equal(await site.host.isMember('acme/cab', { login: 'ada', id: '1' }), false, 'the name belongs to somebody else');
    await assert.rejects(site.host.isMember('acme/nobody', site.ada), refused('HOST_NOT_FOUND'));
    await assert.rejects(site.host.isMember('acme', site.ada), refused('HOST_NAME'));
  });

  test('what GitHub does not list is found by comparing, or is said to be missing', async () => {
    await using site = await openForgeSite(WITH_TOKEN);
    const { folder } = site.repository;
    const start = commitAt(folder, 'refs/heads/main') ?? '';
    const commit = (index: number) =>
      `commit refs/heads/long/one\ncommitter P${index} <p${index}@example.com> ${1_700_000_000 + index} +0000\ndata 1\nx\n${index === 0 ? `from ${start}\n` : ''}`;
    const files = Array.from({ length: 3_001 }, (_, index) => `M 100644 inline f/${index}\ndata 1\nx\n`).join('');
    const stream = `${Array.from({ length: 260 }, (_, index) => commit(index)).join('')}${files}`;
    execFileSync('git', ['fast-import', '--quiet'], { cwd: folder, input: stream });
    const number = await site.openPull(site.ada, { head: 'long/one', title: 'long' });
    const people = new Set((await site.host.committers(site.repo, number)).map(({ email }) => email));
    assert.equal(people.size, 260);
    await assert.rejects(site.host.changedFiles(site.repo, number), refused('PULL_TOO_LARGE'));
  });

  test('a token that is not valid any more, and links that lead elsewhere', async () => {
    await using site = await openForgeSite(WITH_TOKEN);
    await site.commit({ branch: 'change', files: { 'a.md': '1' } });
    const number = await site.openPull(site.ada, { head: 'change', title: 'change' });
    site.fake.answerNext(/GET .*\/pulls\/\d+$/, { status: 401, body: { message: 'Bad credentials' } });
    await assert.rejects(site.host.pull(site.repo, number), (thrown: Error) => {
      refused('HOST_DENIED')(thrown);
      const all = JSON.stringify(thrown, Object.getOwnPropertyNames(thrown)) + String(thrown.stack) + JSON.stringify(thrown.cause ?? '');
      assert.ok(!all.includes('token-of-slipway-bot'), 'the error tells the token');
      return true;
    });
    site.fake.answerNext(/comments$/, { body: [], headers: { link: '<https://evil.example/page2>; rel="next"' } });
    await assert.rejects(site.host.comments.list(site.repo, number), refused('HOST_ANSWER'));
    assert.ok(!site.wire.sent.some((line) => line.includes('page2')));
  });
});
