import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Hono } from 'hono';
import type { JsonObject } from '../../src/core/index.ts';
import { followRoute } from '../../src/server/api/follow.ts';
import type { Caller, Env } from '../../src/server/http/env.ts';
import { register } from '../../src/server/http/register.ts';
import { createServer } from '../../src/server/index.ts';
import { apiRoutes } from '../../src/server/routes.ts';
import { countingCompares } from './compares.ts';
import { ACCESS } from './files.ts';
import { type Answer, type Call, openSite, type Site, signed, untilRun, URL_OF_SITE } from './site.ts';

/** Each test is one way in that must stay closed. */

let site: Site;
let root: string;
before(async () => {
  site = await openSite({ settings: 'limits: { failuresPerMinute: 500 }\n' });
  root = await site.token('root', '*');
});
after(async () => site[Symbol.asyncDispose]());

describe('identifiers', () => {
  const WRONG = [
    '..',
    '../../etc/passwd',
    '..\\..\\windows',
    '/etc/passwd',
    '.git/config',
    'a/../b',
    '\u0000',
    'a\r\nb',
    '<script>',
    "' OR 1=1 --",
    '${{ 1 }}',
    '-x',
    ' ',
    'ä',
    'x'.repeat(5_000),
    'run-20261123-',
    'constructor',
    '__proto__',
    '%2e%2e%2f',
  ];

  test('that are none never reach a path, a statement or a page: in every place of every route', async () => {
    const nothing = { failures: { take: () => ({ limit: 0, remaining: 0, resetSeconds: 0 }), check: () => undefined }, authenticate: async () => undefined };
    for (const { path, method } of apiRoutes(site.parts.deps, nothing)) {
      for (const name of [...path.matchAll(/\{(\w+)\}/g)].map(([, each]) => each ?? '')) {
        for (const wrong of WRONG) {
          const at = path.replace(`{${name}}`, encodeURIComponent(wrong)).replaceAll(/\{\w+\}/g, 'run-20261123-0000000000');
          const answer = await site.call(at, { method: method.toUpperCase(), token: root, ...(method === 'post' ? { body: {} } : {}) });
          assert.ok(answer.status >= 400 && answer.status < 500, `${method} ${at.slice(0, 100)} ${answer.status}`);
          assert.doesNotMatch(answer.text, /root:x:|\[core\]|SQLITE|stack|at \w+ \(/);
        }
      }
    }
  });

  test('in bodies and queries neither', async () => {
    const calls: readonly (readonly [string, JsonObject | undefined])[] = [
      ...WRONG.flatMap((wrong) => [
        ['/v1/runs', { runbook: wrong }] as const,
        ['/v1/runs', { plan: wrong }] as const,
        ['/v1/runs', { runbook: 'greet', repository: wrong }] as const,
        ['/v1/runs/run-20261123-0000000000/votes', { decision: 'approve', path: wrong }] as const,
        ['/v1/runs/run-20261123-0000000000/signals', { name: wrong }] as const,
        ['/v1/tokens', { name: wrong, scopes: ['run.read'], expires: '1d' }] as const,
        [`/v1/runbooks?repository=${encodeURIComponent(wrong)}`, undefined] as const,
        [`/v1/runs?cursor=${encodeURIComponent(wrong)}`, undefined] as const,
        [`/v1/plans?digest=${encodeURIComponent(wrong)}`, undefined] as const,
      ]),
    ];
    for (const [path, body] of calls) {
      const answer = await site.call(path, { token: root, ...(body ? { body } : {}) });
      // Some of them are good names for a token.
      const isName = path === '/v1/tokens' && /^[\w.-]+$/.test(JSON.stringify(body?.['name'] ?? '').slice(1, -1));
      assert.ok((answer.status >= 400 && answer.status < 500) || isName, `${path.slice(0, 100)} ${JSON.stringify(body)} ${answer.status}`);
    }
  });
});

describe('tokens', () => {
  test('do no more than their scopes, whoever they belong to', async () => {
    const narrow = await site.token('ci', 'run.start@greet', 'run.read@greet');
    const asked = async (path: string, body?: object, method?: string): Promise<number> =>
      (await site.call(path, { token: narrow, ...(body ? { body } : {}), ...(method ? { method } : {}) })).status;
    const run = await site.call('/v1/runs', { token: narrow, body: { runbook: 'greet', inputs: { name: 'scoped' } } });
    assert.equal(run.status, 202);
    await untilRun(site, narrow, run.get('id'), 'succeeded');
    assert.equal(await asked('/v1/runs', { runbook: 'slow' }), 403);
    assert.equal(await asked('/v1/runbooks/greet'), 403);
    assert.equal(await asked('/v1/plans', { runbook: 'greet', inputs: { name: 'scoped' } }), 403);
    assert.equal(await asked('/v1/audit'), 403);
    assert.equal(await asked('/v1/tokens', { name: 'more', scopes: ['*'], expires: '1d' }), 403);
    const listed = (await site.call('/v1/runs?limit=200', { token: narrow })).json['items'] as unknown as readonly { runbook: string }[];
    assert.ok(listed.length > 0 && listed.every(({ runbook }) => runbook === 'greet'));
  });

  test('cannot make tokens that may do more than they', async () => {
    const maker = await openSite();
    const token = await maker.token('root', 'token.create', 'run.read@greet');
    const make = (scopes: readonly string[], name: string): Promise<Answer> => maker.call('/v1/tokens', { token, body: { name, scopes, expires: '1d' } });
    for (const scopes of [['*'], ['run.start'], ['run.read'], ['run.*@greet'], ['run.read@gre*'], ['token.*']]) {
      const answer = await make(scopes, 'wide');
      assert.deepEqual([answer.status, answer.get('code')], [403, 'TOKEN_SCOPES'], scopes.join());
    }
    const narrow = await make(['run.read@greet'], 'narrow');
    assert.equal(narrow.status, 201);
    assert.equal((await make(['run.read@greet'], 'narrow')).get('code'), 'TOKEN_EXISTS');
    assert.equal((await make(['run.read@greet'], '../x')).status, 400);
    await maker[Symbol.asyncDispose]();
  });

  test('that are revoked, over, in a query, in another scheme or in the wrong case are nothing', async () => {
    const token = await site.token('look', 'run.read');
    assert.equal((await site.call('/v1/runs', { token })).status, 200);
    const wrong: readonly Call[] = [
      { headers: { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` } },
      { headers: { authorization: token } },
      { headers: { authorization: `Bearer ${token.toUpperCase()}` } },
      { headers: { authorization: `Bearer ${token} ` + 'x' } },
      { headers: { 'x-api-key': token } },
      { headers: { cookie: `__Host-slipway=${token}` } },
    ];
    for (const call of wrong) assert.equal((await site.call('/v1/runs', call)).status, 401, JSON.stringify(call));
    assert.equal((await site.call(`/v1/runs?access_token=${token}`)).status, 401);
    const prefix = token.split('_')[1] ?? '';
    assert.equal((await site.call(`/v1/tokens/${prefix}`, { method: 'DELETE', token: root })).status, 200);
    assert.equal((await site.call('/v1/runs', { token })).status, 401);
    assert.equal((await site.call('/v1/tokens', { token: root })).text.includes(token), false);
  });

  test('whose right is taken away see nothing more of a run that they follow', async () => {
    const own = await openSite();
    const token = await own.token('root', '*');
    const { deps } = own.parts;
    const run = (await own.call('/v1/runs', { token, body: { runbook: 'slow', inputs: { for: '10m' } } })).get('id');
    await untilRun(own, token, run, 'running', 'waiting');
    const caller: Caller = { identity: { id: 'token:ci', via: 'token', scopes: [{ action: '*' }] } };
    const app = new Hono<Env>();
    register(
      app,
      followRoute(deps, async () => caller, 50),
      async () => caller,
    );
    const { body } = await app.request(`${URL_OF_SITE}/v1/runs/${run}/events`, { headers: { accept: 'text/event-stream' } }, {});
    own.commit({ 'runbooks/estate.yaml': ACCESS.replaceAll("'token:ci', ", '') });
    await deps.heads.fetched('estate');
    // Without the end of the stream, this would wait as long as the run goes on.
    const text = Buffer.concat(await Array.fromAsync(body ?? [])).toString();
    assert.match(text, /event: runCreated/);
    assert.doesNotMatch(text, /event: runFinished/);
    await own.call(`/v1/runs/${run}/cancel`, { token, body: {} });
    await own[Symbol.asyncDispose]();
  });

  test('are compared in a time that tells nothing: whole hashes, whatever is wrong', async () => {
    const token = await site.token('timing', 'run.read');
    const [, prefix = '', secret = ''] = token.split('_');
    const wrongFirst = `slw_${prefix}_${secret.startsWith('0') ? '1' : '0'}${secret.slice(1)}`;
    const wrongLast = `slw_${prefix}_${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`;
    for (const [text, status] of [
      [wrongFirst, 401],
      [wrongLast, 401],
    ] as const) {
      using compares = countingCompares();
      assert.equal((await site.call('/v1/runs', { token: text })).status, status);
      assert.deepEqual(compares.lengths, [[32, 32]]);
    }
  });
});

describe('requests', () => {
  test('under another name than ours are refused, but for probes', async () => {
    const answer = await site.app.request(`${URL_OF_SITE}/v1/openapi.json`, { headers: { host: 'evil.example' } }, {});
    assert.equal(answer.status, 421);
    assert.equal((await site.app.request(`${URL_OF_SITE}/healthz`, { headers: { host: '10.0.0.7' } }, {})).status, 200);
  });

  test('that go around the proxy which ends TLS are refused, but for probes', async () => {
    const listen = { host: '0.0.0.0', port: 0, trustedProxies: ['10.0.0.1'] };
    const app = createServer({ ...site.parts.deps, settings: { ...site.settings, listen } }, { fetch });
    const from = async (remoteAddress: string, path: string): Promise<number> =>
      (await app.request(`${URL_OF_SITE}${path}`, {}, { incoming: { socket: { remoteAddress } } })).status;
    assert.equal(await from('10.0.0.9', '/v1/openapi.json'), 403);
    assert.equal(await from('10.0.0.9', '/healthz'), 200);
    for (const address of ['10.0.0.1', '127.0.0.1']) assert.equal(await from(address, '/v1/openapi.json'), 200, address);
    assert.equal(site.logged.findLast(({ path }) => path === '/v1/openapi.json')?.['problem'], undefined);
    assert.ok(
      site.logged.some(({ problem }) => problem === 'PLAIN_TEXT'),
      'the log says why a request was refused',
    );
  });

  test('cannot pose as others: forwarded addresses and request ids count only from known proxies', async () => {
    await site.call('/v1/nothing-here', { headers: { 'x-forwarded-for': '1.2.3.4', 'x-request-id': 'forged-id' } });
    const line = site.logged.findLast(({ path }) => path === '/v1/nothing-here');
    assert.equal(line?.['client'], '127.0.0.1');
    assert.notEqual(line['requestId'], 'forged-id');
  });

  test('cannot put headers into answers, or lines into the log', async () => {
    const answer = await site.call('/v1/runs/%0d%0aset-cookie:%20a=b', { token: root, headers: { 'x-request-id': 'a\tb' } });
    assert.equal(answer.headers.get('set-cookie'), null);
    assert.doesNotMatch(JSON.stringify(site.logged.at(-1)), /\r|\n/);
  });

  test('that meet an error of ours tell nothing of it', async () => {
    const { app } = site.parts.deps;
    const list = app.runs.bind(app);
    Object.assign(app, { runs: () => Promise.reject(new Error('cannot open /srv/state/journal.db with key hunter2')) });
    const answer = await site.call('/v1/runs', { token: root });
    Object.assign(app, { runs: list });
    assert.equal(answer.status, 500);
    assert.deepEqual(Object.keys(answer.json).toSorted(), ['code', 'detail', 'requestId', 'status', 'title', 'type']);
    assert.doesNotMatch(answer.text, /hunter2|journal\.db|at /);
    const logged = site.logged.findLast(({ message }) => message === 'a request failed');
    assert.match(JSON.stringify(logged), /hunter2/, 'the log has it');
    assert.equal(logged?.['requestId'], answer.get('requestId'));
  });

  test('get the headers that keep browsers from harm, whatever the answer', async () => {
    for (const path of ['/v1/runs', '/runs', '/nothing', '/assets/style.css', '/healthz']) {
      const { headers } = await site.call(path, { headers: { accept: 'text/html' } });
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, path);
      assert.deepEqual([headers.get('x-content-type-options'), headers.get('x-frame-options')], ['nosniff', 'DENY'], path);
      assert.equal(headers.get('x-powered-by'), null);
    }
  });

  test('are answered by nobody who is about to go', async () => {
    const leaving = await openSite();
    const token = await leaving.token('root', '*');
    assert.equal((await leaving.call('/readyz')).status, 200);
    leaving.leave();
    for (const [path, call] of [
      ['/v1/triggers/portal', signed({ inputs: { name: 'late' } })],
      ['/v1/runs', { token, body: { runbook: 'greet', inputs: { name: 'late' } } }],
    ] as const) {
      const answer = await leaving.call(path, call);
      assert.deepEqual([answer.status, answer.get('code')], [503, 'DRAINING']);
    }
    assert.equal((await leaving.call('/readyz')).status, 503);
    assert.equal((await leaving.call('/healthz')).status, 200);
    await leaving[Symbol.asyncDispose]();
  });
});
