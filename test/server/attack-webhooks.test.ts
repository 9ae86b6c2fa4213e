import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Answer, type Call, GITHUB_SECRET, openSite, SECRET, type Site, signed } from './site.ts';

/** Each test is one webhook that must start nothing. */

let site: Site;
let root: string;
const HOST = `hosts: [{ name: gh, kind: github, auth: { token: env:CLIENT_SECRET }, webhookSecrets: [env:GITHUB_SECRET] }]\nlimits: { failuresPerMinute: 500 }\n`;
before(async () => {
  site = await openSite({ settings: HOST });
  root = await site.token('root', '*');
});
after(async () => site[Symbol.asyncDispose]());

const trigger = (call: Call): Promise<Answer> => site.call('/v1/triggers/portal', call);
const runs = async (): Promise<number> => ((await site.call('/v1/runs?limit=200', { token: root })).json['items'] as unknown as readonly unknown[]).length;
const push = {
  ref: 'refs/heads/main',
  before: '0'.repeat(40),
  after: '1'.repeat(40),
  repository: { id: 1, full_name: 'acme/estate' },
  sender: { id: 7, login: 'ada' },
};
const github = (body: unknown, { secret = GITHUB_SECRET, event = 'push', id = 'd-1' } = {}): Call => {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  const digest = createHmac('sha256', secret).update(raw).digest('hex');
  return { raw, headers: { 'x-hub-signature-256': `sha256=${digest}`, 'x-github-event': event, 'x-github-delivery': id, 'content-type': 'application/json' } };
};

describe('webhooks', () => {
  test('that are forged are refused, and say no more than that', async () => {
    const good = signed({ inputs: { name: 'forged' } });
    const headers = good.headers ?? {};
    const forged: readonly Call[] = [
      { ...good, raw: Buffer.from('{"inputs":{"name":"other"}}') },
      signed({ inputs: { name: 'forged' } }, { secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
      { ...good, headers: { ...headers, 'webhook-id': 'another' } },
      { ...good, headers: { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) } },
      { ...good, headers: { ...headers, 'webhook-signature': 'v1,' } },
      { ...good, headers: { ...headers, 'webhook-signature': `v2,${headers['webhook-signature']?.slice(3) ?? ''}` } },
      { ...good, headers: { 'content-type': 'application/json' } },
      { ...good, headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` } },
    ];
    const before = await runs();
    for (const call of forged) {
      const { status, text } = await trigger(call);
      assert.equal(status, 401);
      assert.doesNotMatch(text, /whsec|expected|digest|portal/i);
    }
    assert.equal(await runs(), before);
  });

  test('that are older or newer than five minutes are refused, whatever their signature', async () => {
    for (const minutes of [-6, 6, -60 * 24 * 365]) {
      const answer = await trigger(signed({ inputs: { name: 'late' } }, { at: Date.now() + minutes * 60_000 }));
      assert.deepEqual([answer.status, answer.get('code')], [401, 'SIGNATURE_STALE']);
    }
  });

  test('that are too large are refused before anybody looks into them', async () => {
    const large = Buffer.alloc(1024 * 1024 + 1, 'a');
    for (const path of ['/v1/triggers/portal', '/v1/hosts/gh/webhook', '/v1/triggers/unknown']) {
      const answer = await site.call(path, { ...signed({}), raw: large });
      assert.deepEqual([answer.status, answer.get('code')], [413, 'BODY_TOO_LARGE'], path);
    }
    const lying = await trigger({ ...signed({}), headers: { ...signed({}).headers, 'content-length': '99999999' } });
    assert.equal(lying.status, 413);
    assert.equal((await site.call('/v1/runs', { token: root, raw: large, headers: { 'content-type': 'application/json' } })).status, 413);
  });

  test('that are no JSON, or too deep, or no objects, are refused after their signature', async () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '\u0000',
      deep,
      '{"inputs":{"name":"x1"},"inputs":[]}',
      '{"inputs":null}',
      '{"__proto__":{"inputs":{}}}',
    ]) {
      const answer = await trigger(signed(body));
      assert.ok(answer.status === 400 || answer.status === 422, `${body.slice(0, 20)} ${answer.status} ${answer.text.slice(0, 200)}`);
    }
    const odd = signed('');
    const bytes = await trigger({ ...odd, raw: Buffer.from([0xff, 0xfe, 0x00]) });
    assert.equal(bytes.status, 401);
  });

  test('with names of the language as inputs are unknown inputs', async () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      const answer = await trigger(signed(`{"inputs":{"name":"proto","${name}":"x"}}`));
      assert.deepEqual([answer.status, answer.get('code')], [422, 'INVALID'], name);
    }
  });

  test('of a host that are forged, malformed or for nobody are refused; replays are taken once', async () => {
    const path = '/v1/hosts/gh/webhook';
    const taken = await site.call(path, github(push));
    assert.deepEqual([taken.status, taken.json['repeated']], [202, false], taken.text);
    const replayed = await site.call(path, github(push, { id: 'another-id' }));
    assert.deepEqual([replayed.status, replayed.json['repeated']], [202, true]);
    assert.equal((await site.call(path, github(push, { secret: 'x'.repeat(32) }))).status, 401);
    assert.equal((await site.call(path, { raw: '{}' })).status, 401);
    for (const body of ['{', '[]', '{}', JSON.stringify({ ...push, ref: '' }), JSON.stringify({ ...push, repository: { id: 1, full_name: '../../etc' } })]) {
      const answer = await site.call(path, github(body, { id: `m-${body.length}` }));
      assert.ok(answer.status === 400 || answer.get('event') === 'ignored', `${body} ${answer.status} ${answer.text}`);
    }
    assert.equal((await site.call('/v1/hosts/other/webhook', github(push))).status, 404);
    const ping = await site.call(path, github({ zen: 'x' }, { event: 'ping' }));
    assert.deepEqual([ping.status, ping.get('event')], [202, 'ping']);
  });

  test('that fail again and again are not looked at for a while; those of others are', async () => {
    const own = await openSite({ settings: 'limits: { failuresPerMinute: 5 }\n' });
    const wrong = signed({}, { secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' });
    const statuses = [];
    for (let n = 0; n < 7; n++) statuses.push((await own.call('/v1/triggers/portal', wrong)).status);
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
    const limited = await own.call('/v1/triggers/portal', signed({ inputs: { name: 'right' } }));
    assert.equal(limited.status, 429);
    assert.match(limited.headers.get('retry-after') ?? '', /^\d+$/);
    assert.equal((await own.call('/v1/triggers/vault', signed({ inputs: { password: 'long-enough' } }))).status, 202);
    const tokens = [];
    for (let n = 0; n < 6; n++) tokens.push((await own.call('/v1/runs', { token: `slw_0000000000_${'0'.repeat(40)}` })).status);
    assert.deepEqual(tokens, [401, 401, 401, 401, 401, 429]);
    await own[Symbol.asyncDispose]();
  });
});
