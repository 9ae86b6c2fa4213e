import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { serveGit } from '../support/git-http.ts';
import type { Fixture } from './fixture.ts';
import { AUTHORIZATION, makeHost, mirrorOf, refused } from './mirror-host.ts';

/** Surroundings with a git that writes down how it is called, then does it. */
function watched(host: Fixture): Fixture['env'] {
  const shims = join(host.top, 'shims');
  mkdirSync(shims);
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(join(shims, 'git'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${join(host.top, 'calls')}'\nexec '${real}' "$@"\n`);
  chmodSync(join(shims, 'git'), 0o755);
  return { ...host.env, PATH: `${shims}:${host.env['PATH'] ?? ''}` };
}

suite('mirror', () => {
  test('the files of a commit and who wrote them are asked of git once, however many runs start from it', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root, authorization: AUTHORIZATION });
    const mirror = await mirrorOf(host, server.url, { env: watched(host) });
    await mirror.fetch();
    const commit = await mirror.resolve('main');
    const first = await mirror.checkout({ commit });
    assert.ok(first.people.length > 0);
    const calls = (): number => readFileSync(join(host.top, 'calls'), 'utf8').split('\n').length;
    const before = calls();
    assert.deepEqual(await mirror.checkout({ commit }), first);
    assert.equal(calls(), before, 'the second one asked git');
    assert.equal((await mirror.checkout({ commit: 'main' })).commit, commit);
    assert.ok(calls() > before, 'a branch is looked up every time');
    await mirror.fetch();
    assert.equal(
      readFileSync(join(host.top, 'calls'), 'utf8')
        .split('\n')
        .filter((line) => / gc /.test(line)).length,
      1,
      'tidied once a minute',
    );
  });

  test('the credential reaches the host, and neither an argument nor a file', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root, authorization: AUTHORIZATION });
    const mirror = await mirrorOf(host, server.url, { env: watched(host) });
    await mirror.fetch();
    assert.equal(await mirror.resolve('main'), host.git('rev-parse', 'HEAD'));
    assert.ok(
      server.requests.every(({ authorization }) => authorization === AUTHORIZATION),
      'sent with every request',
    );
    const calls = readFileSync(join(host.top, 'calls'), 'utf8');
    assert.match(calls, /fetch/);
    const secrets = [AUTHORIZATION, 'the-token-of-tests', AUTHORIZATION.slice(6)];
    for (const secret of secrets) assert.ok(!calls.includes(secret), 'on a command line');
    for (const name of readdirSync(mirror.path, { recursive: true, encoding: 'utf8' })) {
      const path = join(mirror.path, name);
      if (!statSync(path).isFile()) continue;
      const content = readFileSync(path, 'latin1');
      for (const secret of secrets) assert.ok(!content.includes(secret), `in ${name}`);
    }
  });

  test('who may not, what is down, what has moved, and addresses that are none', async () => {
    await using host = makeHost();
    await using elsewhere = await serveGit({ root: host.root });
    await using server = await serveGit({ root: host.root, authorization: AUTHORIZATION });
    await using moved = await serveGit({
      root: host.root,
      instead: (request, response) => {
        response.writeHead(301, { location: `${elsewhere.url}${request.url ?? ''}` }).end();
        return true;
      },
    });
    await assert.rejects((await mirrorOf(host, server.url, { authorization: new Secret('Basic d3Jvbmc=') })).fetch(), refused('GIT_DENIED'));
    await assert.rejects((await mirrorOf(host, 'http://127.0.0.1:9')).fetch(), refused('GIT_UNREACHABLE'));
    await assert.rejects((await mirrorOf(host, moved.url)).fetch(), refused('GIT_MOVED'));
    assert.deepEqual(elsewhere.requests, [], 'the credential follows no redirect');
    for (const url of ['ext::sh -c true', 'http://ada:secret@127.0.0.1', 'ssh://git@127.0.0.1', '--upload-pack=true']) {
      await assert.rejects((await mirrorOf(host, url)).fetch(), refused('GIT_ADDRESS'), url);
    }
  });

  test('a branch that is replaced is followed, and what it was stays readable', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root });
    const mirror = await mirrorOf(host, server.url);
    await mirror.fetch();
    const first = await mirror.resolve('main');
    host.git('checkout', '--quiet', '--orphan', 'anew');
    host.write('runbooks/a.yaml', 'another history');
    const second = host.commit('anew');
    host.push('HEAD:refs/heads/main', 'HEAD:refs/heads/gone');
    await mirror.fetch();
    assert.equal(await mirror.resolve('main'), second);
    const [old, now] = [await mirror.checkout({ commit: first }), await mirror.checkout({ commit: second })];
    assert.deepEqual(
      [readFileSync(join(old.root, 'runbooks/a.yaml'), 'utf8'), readFileSync(join(now.root, 'runbooks/a.yaml'), 'utf8')],
      ['one', 'another history'],
    );
    assert.deepEqual([old.commit, old.dirty, now.people.map(({ name }) => name)], [first, false, ['Ada']]);
    host.push(':refs/heads/gone');
    await mirror.fetch();
    await assert.rejects(mirror.resolve('gone'), refused('COMMIT_NOT_FOUND'));
  });

  test('the head of a pull request is fetched by its ref, or by its id when the ref has moved on', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root });
    const mirror = await mirrorOf(host, server.url);
    host.git('checkout', '--quiet', '-b', 'change');
    host.write('b', '1');
    const first = host.commit('first');
    host.push('HEAD:refs/pull/7/head');
    await mirror.ensure(first, 'refs/pull/7/head');
    assert.equal((await mirror.checkout({ commit: first, base: 'main' })).base, await mirror.resolve('main'));
    host.write('b', '2');
    const second = host.commit('second');
    host.push('HEAD:refs/pull/7/head');
    host.git('reset', '--quiet', '--hard', 'main');
    host.write('b', '3');
    const third = host.commit('third');
    host.push('HEAD:refs/pull/7/head');
    await mirror.ensure(second, 'refs/pull/7/head');
    await mirror.ensure(third);
    assert.deepEqual([await mirror.resolve(second), await mirror.resolve(third)], [second, third]);
    await assert.rejects(mirror.ensure('0123456789abcdef0123456789abcdef01234567', 'refs/pull/99/head'), refused('COMMIT_NOT_FOUND'));
    for (const ref of ['--upload-pack=true', 'refs/pull/1/head:refs/heads/main', '+refs/heads/main', 'refs/heads/*', 'refs/a b', 'main']) {
      await assert.rejects(mirror.fetch({ refs: [ref] }), refused('BAD_REVISION'), ref);
    }
    await assert.rejects(mirror.ensure('main'), refused('BAD_REVISION'));
    const before = server.requests.length;
    await mirror.ensure(first);
    assert.equal(server.requests.length, before, 'what is here is not asked for');
  });

  test('those who ask at the same time share a fetch, and a bad wish of one is not the trouble of another', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root });
    const [one, two] = [await mirrorOf(host, server.url), await mirrorOf(host, server.url)];
    const results = await Promise.all(
      [...Array.from({ length: 10 }, () => one.fetch()), one.fetch({ refs: ['refs/pull/404/head'] }), two.fetch(), one.fetch()].map((each) =>
        each.then(() => 'ok'),
      ),
    );
    assert.equal(results.length, 13);
    const asked = server.requests.filter(({ line }) => line.endsWith('/info/refs')).length;
    assert.ok(asked <= 6, `${asked} fetches for 13 wishes`);
    assert.equal(await two.resolve('main'), host.git('rev-parse', 'HEAD'));
  });

  test('a repository that is too large is left alone', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root });
    writeFileSync(join(host.repository, 'noise'), Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 2_654_435_761) >>> 24)));
    host.commit('noise');
    host.push();
    await assert.rejects((await mirrorOf(host, server.url, { mostBytes: 1_000 })).fetch(), refused('REPO_TOO_LARGE'));
  });

  test('locks that a killed git left behind are no obstacle', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root });
    const mirror = await mirrorOf(host, server.url);
    await mirror.fetch();
    host.write('more', '1');
    const next = host.commit('more');
    host.push();
    writeFileSync(join(mirror.path, 'refs', 'heads', 'main.lock'), '');
    await mirror.fetch();
    assert.equal(await mirror.resolve('main'), next);
    assert.ok(!existsSync(join(mirror.path, 'refs', 'heads', 'main.lock')));
  });

  test('files, renames with both names, and how far a branch is behind', async () => {
    await using host = makeHost();
    await using server = await serveGit({ root: host.root });
    const text = Array.from({ length: 30 }, (_, line) => `line ${line}\n`).join('');
    host.write('old name', text);
    const base = host.commit('base');
    host.push();
    host.git('checkout', '--quiet', '-b', 'change');
    host.git('mv', 'old name', 'new\nname');
    host.write('added', 'x');
    host.git('rm', '--quiet', 'runbooks/a.yaml');
    const head = host.commit('change');
    host.push('HEAD:refs/heads/change');
    host.git('checkout', '--quiet', 'main');
    host.write('later', '1');
    host.commit('later');
    host.push();
    const mirror = await mirrorOf(host, server.url);
    await mirror.fetch();
    assert.deepEqual(await mirror.changedFiles('main', head), [
      { path: 'added', change: 'added' },
      { path: 'new\nname', change: 'renamed', previousPath: 'old name' },
      { path: 'runbooks/a.yaml', change: 'deleted' },
    ]);
    assert.deepEqual([await mirror.behindBy('main', 'change'), await mirror.behindBy(base, 'change'), await mirror.mergeBase('main', 'change')], [1, 0, base]);
    const read = await mirror.fileIn({ revision: 'main', path: 'old name', mostBytes: 1_000 });
    assert.equal(read.found === 'file' ? Buffer.from(read.content).toString() : read.found, text);
    assert.deepEqual(await mirror.fileIn({ revision: 'main', path: 'old name', mostBytes: 10 }), { found: 'tooLarge', bytes: text.length });
    assert.deepEqual(await mirror.fileIn({ revision: 'main', path: 'runbooks', mostBytes: 10 }), { found: 'none' });
  });
});
