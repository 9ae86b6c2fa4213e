import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { fetchBranch, openCheckout } from '../../src/repo/index.ts';
import { type Fixture, makeRepository } from './fixture.ts';

const requestOf = (fixture: Fixture, branch = 'main') => ({
  ...{ env: fixture.env, branch },
  ...{ source: { folder: fixture.repository }, clone: join(fixture.top, 'clones', 'estate') },
});

describe('following a branch', () => {
  it('gives its newest commit, also after it was forced back, and its files', async () => {
    await using fixture = makeRepository();
    fixture.write('runbooks/a.yaml', 'one');
    const first = fixture.commit('one');
    assert.equal((await fetchBranch(requestOf(fixture))).commit, first);
    fixture.write('runbooks/a.yaml', 'two');
    const second = fixture.commit('two');
    const { repository, commit } = await fetchBranch(requestOf(fixture));
    assert.equal(commit, second);
    const checkout = await openCheckout({ ...fixture, repository, at: { commit } });
    assert.equal(checkout.commit, second);
    assert.equal(checkout.dirty, false);
    fixture.git('reset', '--quiet', '--hard', first);
    assert.equal((await fetchBranch(requestOf(fixture))).commit, first);
  });

  it('is not moved by other branches or by what is not committed', async () => {
    await using fixture = makeRepository();
    const first = fixture.commit('one');
    fixture.git('checkout', '--quiet', '-b', 'change');
    fixture.write('runbooks/evil.yaml', 'evil');
    fixture.commit('change');
    fixture.write('runbooks/more.yaml', 'not committed');
    assert.equal((await fetchBranch(requestOf(fixture))).commit, first);
  });

  it('refuses names that git could take for something else, and addresses that carry or leak credentials', async () => {
    await using fixture = makeRepository();
    fixture.commit('one');
    for (const branch of ['', '-x', '--upload-pack=touch /tmp/x', 'a..b', 'main:refs/heads/x', 'a b', 'main.lock', '/main', 'main/', '@{-1}', '*'])
      await assert.rejects(fetchBranch(requestOf(fixture, branch)), { code: 'BAD_REVISION' }, branch);
    for (const url of [
      'http://example.org/x.git',
      'ext::sh -c id',
      'file:///etc',
      'git://example.org/x',
      'https://user:pw@example.org/x',
      'ssh://example.org/x',
      '-x',
    ])
      await assert.rejects(fetchBranch({ ...requestOf(fixture), source: { url } }), { code: 'BAD_SOURCE' }, url);
    await assert.rejects(fetchBranch({ ...requestOf(fixture), source: { folder: '../estate' } }), { code: 'BAD_SOURCE' });
  });

  it('says that a branch is not there', async () => {
    await using fixture = makeRepository();
    fixture.commit('one');
    await assert.rejects(fetchBranch(requestOf(fixture, 'nothing')), { code: 'GIT_FAILED' });
  });

  it('reads over HTTP with a header that no list of processes shows', async () => {
    await using fixture = makeRepository();
    const head = fixture.commit('one');
    execFileSync('git', ['clone', '--quiet', '--bare', fixture.repository, join(fixture.top, 'bare.git')]);
    const seen: string[] = [];
    const server = createServer((request, response) => serveGit(fixture.top, request, response, seen));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bare.git`; // a TCP server that listens has a port
    try {
      const authorization = new Secret('Bearer right-token-123');
      const { commit } = await fetchBranch({ ...requestOf(fixture), source: { url, authorization } });
      assert.equal(commit, head);
      assert.ok(seen.length > 0 && seen.every((line) => !line.includes('right-token')), seen.join('\n'));
      const wrong = fetchBranch({ ...requestOf(fixture), source: { url, authorization: new Secret('Bearer wrong-token-456') } });
      await assert.rejects(wrong, (error: Error) => !JSON.stringify([error.message, String(error.cause)]).includes('wrong-token'));
    } finally {
      server.close();
    }
  });
});

/** The real `git http-backend`; writes down what processes a neighbour could list while git asks. */
function serveGit(root: string, request: IncomingMessage, response: ServerResponse, seen: string[]): void {
  seen.push(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }));
  if (request.headers.authorization !== 'Bearer right-token-123') {
    response.writeHead(401).end();
    return;
  }
  const { pathname, search } = new URL(request.url ?? '/', 'http://here');
  const child = spawn('git', ['http-backend'], {
    env: {
      ...{ PATH: process.env['PATH'], GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: pathname, QUERY_STRING: search.slice(1) },
      ...{ REQUEST_METHOD: request.method, CONTENT_TYPE: request.headers['content-type'] ?? '', GIT_PROTOCOL: String(request.headers['git-protocol'] ?? '') },
      ...(request.headers['content-encoding'] === undefined ? {} : { HTTP_CONTENT_ENCODING: String(request.headers['content-encoding']) }),
    },
  });
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.on('close', () => {
    const all = Buffer.concat(parts);
    const end = all.indexOf('\r\n\r\n');
    for (const line of all.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(': ');
      if (name !== '' && name !== 'Status') response.setHeader(name, value);
    }
    response.end(all.subarray(end + 4));
  });
}
