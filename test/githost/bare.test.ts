import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { Secret } from '../../src/core/index.ts';
import { type GitHost, type HostRequest, installHook, openHost, removeHook, sendHook } from '../../src/githost/index.ts';
import { refused } from './expect.ts';
import { openSink } from './gitea-site.ts';
import { depsOf } from './site.ts';

const SECRET = 'whsec_c2xpcHdheS10ZXN0cy1zbGlwd2F5LXRlc3Rz';
const run = promisify(execFile);

/** A bare repository with a clone beside it. */
function makeBare() {
  const top = mkdtempSync(join(tmpdir(), "slipway-bare it's-"));
  const [bare, work] = [join(top, 'estate.git'), join(top, 'work')];
  const env = { PATH: process.env['PATH'], HOME: top, GIT_CONFIG_NOSYSTEM: '1' };
  const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  git(top, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  git(top, 'clone', '--quiet', bare, work);
  git(work, 'config', 'user.name', 'Ada');
  git(work, 'config', 'user.email', 'ada@example.org');
  return {
    bare,
    commit: (text: string) => {
      writeFileSync(join(work, 'a.md'), text);
      git(work, 'add', '--all');
      git(work, 'commit', '--quiet', '-m', text);
      return git(work, 'rev-parse', 'HEAD');
    },
    /** What people see when they push. */
    push: async (...refs: string[]) => (await run('git', ['push', 'origin', ...(refs.length === 0 ? ['HEAD:main'] : refs)], { cwd: work, env })).stderr,
    git: (...args: string[]) => git(work, ...args),
    waiting: () => readdirSync(join(bare, 'slipway', 'spool')).filter((name) => name.endsWith('.json')).length,
    [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }),
  };
}
async function hostOf(bare: string, secrets: readonly string[] = ['HOOK']): Promise<GitHost> {
  const settings = { name: 'site', kind: 'bare', repositories: { estate: bare }, webhookSecrets: secrets.map((name) => `env:${name}`) } as const;
  const never = async () => {
    throw new Error('nothing is sent');
  };
  return openHost({ ...settings, webhookSecrets: [...settings.webhookSecrets] }, depsOf(never, { HOOK: SECRET, OLD: 'the secret that was used before' }));
}
const events = (host: GitHost, requests: readonly HostRequest[]) => requests.map((request) => host.receive(request));

suite('githost bare', () => {
  test('a push is told, signed', async () => {
    using bare = makeBare();
    await using sink = await openSink();
    installHook({ folder: bare.bare, url: sink.url, repository: 'estate', secret: new Secret(SECRET) }, process.execPath);
    const sha = bare.commit('one');
    assert.match(await bare.push(), /remote: slipway: told/);
    const [delivery] = events(await hostOf(bare.bare), await sink.take(1));
    assert.deepEqual(delivery?.event, { type: 'push', repo: 'estate', changes: [{ ref: 'refs/heads/main', before: undefined, after: sha }] });
    assert.equal(bare.waiting(), 0);
    const next = bare.commit('two');
    await bare.push('HEAD:main', 'HEAD:refs/heads/other');
    await bare.push(':refs/heads/other');
    const more = events(await hostOf(bare.bare), await sink.take(2)).flatMap(({ event }) => (event.type === 'push' ? event.changes : []));
    assert.deepEqual(more, [
      { ref: 'refs/heads/main', before: sha, after: next },
      { ref: 'refs/heads/other', before: undefined, after: next },
      { ref: 'refs/heads/other', before: next, after: undefined },
    ]);
  });

  test('while nobody answers, pushes go through, wait, and arrive once each, in order, with a fresh time', async () => {
    using bare = makeBare();
    let status = 503;
    const came: HostRequest[] = [];
    const server: Server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (status < 300)
          came.push({
            headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
            body: Buffer.concat(chunks),
          });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // a TCP server that listens has one
    installHook({ folder: bare.bare, url: `http://127.0.0.1:${port}/`, repository: 'estate', secret: new Secret(SECRET) }, process.execPath);
    const shas: string[] = [];
    for (const text of ['one', 'two']) {
      shas.push(bare.commit(text));
      assert.match(await bare.push(), /slipway: not told yet \(it answers 503\)/);
    }
    assert.equal(bare.waiting(), 2);
    assert.deepEqual(await sendHook(bare.bare), { sent: 0, waiting: 2, why: 'it answers 503' });
    status = 202;
    shas.push(bare.commit('three'));
    assert.match(await bare.push(), /slipway: told/);
    const host = await hostOf(bare.bare);
    assert.deepEqual(
      came.map((request) => host.receive(request).event).map((event) => (event.type === 'push' ? event.changes[0]?.after : '')),
      shas,
    );
    assert.deepEqual(await sendHook(bare.bare), { sent: 0, waiting: 0 });
    server.close();
    bare.commit('four');
    assert.match(await bare.push(), /not told yet \(connect ECONNREFUSED/);
    assert.equal(bare.waiting(), 1, 'a push to a server that is gone waits');
  });

  test('the command line installs and sends', async () => {
    using bare = makeBare();
    await using sink = await openSink();
    const slipway = async (...args: string[]) => {
      const env = { PATH: process.env['PATH'], HOME: bare.bare, HOOK_SECRET: SECRET, SLIPWAY_ACTOR: 'user:ada' };
      return (await run(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'hook', ...args], { env, cwd: bare.bare })).stdout;
    };
    assert.match(await slipway('install', bare.bare, '--url', sink.url, '--secret-variable', 'HOOK_SECRET'), /wrote .*post-receive/);
    bare.commit('one');
    assert.match(await bare.push(), /slipway: told/);
    const [request] = await sink.take(1);
    assert.ok(request);
    assert.equal((await hostOf(bare.bare)).receive(request).repo, 'estate');
    assert.match(await slipway('send', bare.bare), /^0 sent, 0 waiting$/m);
    assert.match(await slipway('remove', bare.bare), /removed/);
  });

  test('a repository that is reached through a link tells too', async () => {
    using bare = makeBare();
    await using sink = await openSink();
    const link = `${bare.bare}.link`;
    symlinkSync(bare.bare, link);
    installHook({ folder: link, url: sink.url, repository: 'estate', secret: new Secret(SECRET) }, process.execPath);
    bare.git('remote', 'set-url', 'origin', link);
    bare.commit('one');
    assert.match(await bare.push(), /slipway: told/);
    assert.equal((await sink.take(1)).length, 1);
  });

  test('a secret that is being replaced still counts; another does not', async () => {
    using bare = makeBare();
    await using sink = await openSink();
    installHook({ folder: bare.bare, url: sink.url, repository: 'estate', secret: new Secret('the secret that was used before') }, process.execPath);
    bare.commit('one');
    await bare.push();
    const [request] = await sink.take(1);
    assert.ok(request);
    assert.equal((await hostOf(bare.bare, ['HOOK', 'OLD'])).receive(request).secretIndex, 1);
    const strict = await hostOf(bare.bare);
    assert.throws(() => strict.receive(request), refused('SIGNATURE_INVALID'));
  });

  test('the hook and what it needs are for its account only, and can be taken away', async () => {
    using bare = makeBare();
    const request = { folder: bare.bare, url: 'https://slipway.example.com/hooks/site', repository: 'estate', secret: new Secret(SECRET) };
    const { hook } = installHook(request, process.execPath);
    assert.deepEqual(installHook(request, process.execPath), { hook }, 'twice is once');
    const mode = (path: string) => statSync(path).mode & 0o777;
    assert.deepEqual(
      [mode(join(bare.bare, 'slipway')), mode(join(bare.bare, 'slipway', 'secret')), mode(join(bare.bare, 'slipway', 'config.json'))],
      [0o700, 0o600, 0o600],
    );
    assert.ok(!readFileSync(hook, 'utf8').includes(bare.bare), 'no text of ours becomes shell');
    removeHook(bare.bare);
    assert.deepEqual(
      readdirSync(join(bare.bare, 'hooks')).filter((name) => name.startsWith('post-receive') && !name.endsWith('.sample')),
      [],
    );
    await assert.rejects(sendHook(bare.bare), refused('HOOK_FOLDER'));
  });

  test('the hook of somebody else stays, and is told how to call ours', () => {
    using bare = makeBare();
    const theirs = join(bare.bare, 'hooks', 'post-receive');
    writeFileSync(theirs, '#!/bin/sh\nexit 0\n');
    chmodSync(theirs, 0o755);
    const { hook, todo } = installHook(
      { folder: bare.bare, url: 'https://slipway.example.com/h', repository: 'estate', secret: new Secret(SECRET) },
      process.execPath,
    );
    assert.match(hook, /slipway-post-receive$/);
    assert.match(todo ?? '', /standard input/);
    assert.equal(readFileSync(theirs, 'utf8'), '#!/bin/sh\nexit 0\n');
  });

  test('all that is wrong with an installation is said at once', () => {
    using bare = makeBare();
    assert.throws(
      () => installHook({ folder: bare.bare, url: 'http://slipway.example.com/', repository: '../etc', secret: new Secret('short') }, process.execPath),
      (thrown: Error) => {
        refused('HOOK_USAGE')(thrown);
        for (const words of ['https', 'cannot name a repository', '16 characters']) assert.ok(thrown.message.includes(words), thrown.message);
        return true;
      },
    );
    const fine = { url: 'https://slipway.example.com/', repository: 'estate', secret: new Secret(SECRET) };
    assert.throws(() => installHook({ ...fine, folder: tmpdir() }, process.execPath), refused('HOOK_FOLDER'));
  });

  test('a file is read from it, and what it cannot do is said', async () => {
    using bare = makeBare();
    const host = await hostOf(bare.bare);
    const sha = bare.commit('grün');
    await bare.push();
    const read = async (ref: string, path: string) => Buffer.from((await host.fileAt('estate', ref, path)) ?? []).toString();
    assert.deepEqual([await read(sha, 'a.md'), await read('main', 'a.md')], ['grün', 'grün']);
    assert.equal(await host.fileAt('estate', 'main', 'b.md'), undefined);
    await assert.rejects(host.fileAt('estate', 'no-branch', 'a.md'), refused('HOST_NOT_FOUND'));
    await assert.rejects(host.fileAt('other', 'main', 'a.md'), refused('HOST_NOT_FOUND'));
    await assert.rejects(host.fileAt('estate', '--help', 'a.md'), refused('HOST_NAME'));
    assert.equal(host.can.pulls, false);
    for (const call of [
      host.pull('estate', 1),
      host.self(),
      host.comments.list('estate', 1),
      host.permission('estate', { login: 'ada' }),
      host.statuses('estate', sha),
    ]) {
      await assert.rejects(call, refused('HOST_UNSUPPORTED'));
    }
    assert.equal((await host.clone('estate')).url, `file://${bare.bare}`);
  });
});
