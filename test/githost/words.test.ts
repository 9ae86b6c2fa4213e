import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { fitComment, HostSettings, isBareRepo, isPath, isRef, isRepo, markerOf } from '../../src/githost/index.ts';
import { refused } from './expect.ts';

suite('names', () => {
  test('repositories', () => {
    for (const name of ['a/b', 'Ada/estate', 'group/sub/deeper/x', '~ada/notes', 'PROJ/re.po_1', 'ada/.github', 'a/b-c']) assert.ok(isRepo(name), name);
    for (const name of [
      '',
      'a',
      'a/',
      '/a',
      'a//b',
      'a/..',
      '../a',
      'a/./b',
      'a/b.git',
      'a b/c',
      'a/b?c',
      'a/b#',
      'a/b%2f',
      'a/\u0435',
      'a\n/b',
      `a/${'b'.repeat(600)}`,
      '-a/b',
      'a/-b',
    ])
      assert.ok(!isRepo(name), JSON.stringify(name));
    for (const name of ['estate', 'team/estate.git']) assert.ok(isBareRepo(name), name);
    for (const name of ['', '..', '/srv/git', 'a/../b', '~a']) assert.ok(!isBareRepo(name), name);
  });

  test('refs', () => {
    for (const name of ['main', 'refs/heads/main', 'feature/größe', 'a@b', 'v1.0', '#1']) assert.ok(isRef(name), name);
    for (const name of [
      '',
      '-x',
      '--upload-pack=x',
      'a..b',
      'a b',
      'a~1',
      'a^',
      'a:b',
      'a?',
      'a*',
      'a[',
      'a\\b',
      'a@{1}',
      '@',
      'a//b',
      'a/',
      '/a',
      'a.',
      'a.lock',
      'a/.b',
      'a\u0000',
      'a\n',
      'a\u202Eb',
      'a'.repeat(300),
    ])
      assert.ok(!isRef(name), JSON.stringify(name));
  });

  test('paths', () => {
    for (const path of ['CODEOWNERS', 'a b/ü.md', '.github/CODEOWNERS', 'a/-x', '[x]']) assert.ok(isPath(path), path);
    for (const path of ['', '/etc', '../x', 'a/../b', 'a/./b', 'a//b', 'a/', '.git/config', 'a/.GIT/x', 'a\\b', 'a\u0000', 'a\n'])
      assert.ok(!isPath(path), JSON.stringify(path));
  });

  test('what is a ref to us is one to git', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        if (!isRef(text)) return;
        // oxlint-disable-next-line no-control-regex -- they are what is looked for
        assert.ok(!/^[-/.]|\.\.|[\u0000-\u0020\u007F~^:?*[\\]|@\{|\/\/|\.lock(?:\/|$)|[/.]$/.test(text), JSON.stringify(text));
      }),
      { numRuns: 500 },
    );
  });

  test('keys of comments', () => {
    assert.equal(markerOf('plan'), '[//]: # (slipway plan)');
    for (const key of ['', 'a b', 'a)', 'A', 'x\n', ')', 'a'.repeat(300)]) assert.throws(() => markerOf(key), refused('HOST_NAME'), JSON.stringify(key));
  });
});

suite('a comment that does not fit', () => {
  test('is cut at a line, closes what is open, and says so', () => {
    const body = `head\n\n<details><summary>diff</summary>\n\n~~~~diff\n${'+ a line\n'.repeat(200)}~~~~\n\n</details>\n`;
    const cut = fitComment(body, 600);
    assert.ok(cut.length <= 600 && cut.length > 550);
    assert.match(cut, /\+ a line\n~~~~\n\n<\/details>\n\n_The rest did not fit into a comment\._$/);
    assert.equal(fitComment(body, body.length), body);
  });

  test('always fits, and never splits a character', () => {
    const piece = fc.constantFrom('word ', '```\n', '~~~\n', '<details>', '</details>', '\n', '🚢', '🚢🚢\n', '| a | b |\n', '````\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 300 }), fc.integer({ min: 200, max: 900 }), (parts, most) => {
        const body = parts.join('');
        const cut = fitComment(body, most);
        assert.ok(cut.length <= Math.max(most, Math.min(most, body.length)), `${cut.length} of ${most}`);
        assert.ok(cut.isWellFormed());
        if (body.length <= most) assert.equal(cut, body);
      }),
      { numRuns: 300 },
    );
  });
});

suite('settings of a host', () => {
  const good = {
    name: 'forge',
    kind: 'gitea',
    url: 'https://git.example.com/',
    auth: { token: 'env:FORGE_TOKEN' },
    webhookSecrets: ['env:NEW', 'file:/etc/slipway/old'],
  } as const;

  test('every kind, with what it assumes', () => {
    assert.equal(HostSettings.parse(good).kind, 'gitea');
    assert.deepEqual(HostSettings.parse({ name: 'hub', kind: 'github', auth: { app: { id: 7, key: 'file:/k.pem' } }, webhookSecrets: ['env:S'] }), {
      name: 'hub',
      kind: 'github',
      url: 'https://github.com',
      auth: { app: { id: 7, key: 'file:/k.pem' } },
      webhookSecrets: ['env:S'],
    });
    assert.equal(HostSettings.parse({ ...good, kind: 'bitbucket', url: 'http://127.0.0.1:7990/bb/' }).kind, 'bitbucket');
    assert.ok(HostSettings.safeParse({ name: 'site', kind: 'bare', repositories: { estate: '/srv/git/estate.git' }, webhookSecrets: ['env:S'] }).success);
  });

  test('all that is wrong at once, and never the secret itself', () => {
    const wrong = [
      { ...good, webhookSecrets: [] },
      { ...good, webhookSecrets: ['hunter2'] },
      { ...good, auth: { token: 'ghp_plain' } },
      { ...good, url: 'http://git.example.com' },
      { ...good, url: 'https://user:pass@git.example.com' },
      { ...good, url: 'https://git.example.com/?x=1' },
      { ...good, url: 'file:///etc' },
      { ...good, unknown: 1 },
      { ...good, name: '../x' },
      { ...good, kind: 'svn' },
      { name: 'site', kind: 'bare', repositories: { '../x': '/srv' }, webhookSecrets: ['env:S'] },
      { name: 'site', kind: 'bare', repositories: { x: 'relative' }, webhookSecrets: ['env:S'] },
    ];
    for (const settings of wrong) assert.ok(!HostSettings.safeParse(settings).success, JSON.stringify(settings));
    const many = HostSettings.safeParse({ ...good, name: '1', url: 'x', webhookSecrets: [] });
    assert.ok(!many.success && new Set(many.error.issues.map(({ path }) => path[0])).size === 3);
  });
});
