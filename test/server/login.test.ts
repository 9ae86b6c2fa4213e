import assert from 'node:assert/strict';
import { after, afterEach, before, describe, mock, test } from 'node:test';
import { comeBack, openBrowser } from './browser.ts';
import { type Idp, startIdp } from './idp.ts';
import { ENVIRONMENT, openSite, type Site } from './site.ts';

let idp: Idp;
let site: Site;
let now = Date.now();
before(async () => {
  idp = await startIdp({ id: 'slipway', secret: ENVIRONMENT.CLIENT_SECRET });
  const login = `login: { issuer: "${idp.issuer}", clientId: slipway, clientSecret: env:CLIENT_SECRET }\nlimits: { failuresPerMinute: 1000 }\n`;
  site = await openSite({ settings: login, now: () => now });
});
after(async () => {
  await site[Symbol.asyncDispose]();
  await idp[Symbol.asyncDispose]();
});
afterEach(() => {
  idp.tamper = {};
  idp.person = { sub: '1', email: 'ada@site.test', groups: [] };
  now = Date.now();
  mock.timers.reset();
});

const COOKIE = '__Host-slipway';

describe('signing in', () => {
  test('goes through the provider and comes back to the page that was wanted', async () => {
    const browser = openBrowser(site);
    const wanted = await browser.get('/runs');
    assert.deepEqual([wanted.status, wanted.headers.get('location')], [303, '/login?to=%2Fruns']);
    const done = await browser.signIn('/runs?state=failed');
    assert.deepEqual([done.status, done.headers.get('location')], [303, '/runs?state=failed'], done.text);
    const [line = ''] = done.headers.getSetCookie().filter((each) => each.startsWith(`${COOKIE}=`));
    for (const attribute of [/; Path=\/(;|$)/, /; HttpOnly/, /; Secure/, /; SameSite=Lax/]) assert.match(line, attribute);
    assert.doesNotMatch(line, /Domain=/);
    const page = await browser.get('/runs');
    assert.equal(page.status, 200);
    assert.match(page.text, /user:ada@site\.test/);
    const audit = await site.parts.deps.store.audit.read({ action: 'login' });
    assert.equal(audit.at(-1)?.actor, 'user:ada@site.test');
  });

  test('knows groups, and teams by them', async () => {
    idp.person = { sub: '2', email: 'LEA@site.test', groups: ['/idp/erp', 5, 'x'.repeat(300)] };
    const browser = openBrowser(site);
    await browser.signIn();
    assert.match((await browser.get('/runs')).text, /user:lea@site\.test/);
  });

  test('takes the name from the user info when the token has none', async () => {
    idp.tamper = { claims: { email: undefined } };
    const browser = openBrowser(site);
    assert.equal((await browser.signIn()).headers.get('location'), '/runs');
  });

  test('refuses names that could be taken for somebody else, and addresses that are not verified', async () => {
    for (const person of [
      { email: 'team:leads' },
      { email: 'a b' },
      { email: '' },
      { email: ['root@site.test'] },
      { email: 'root@site.test', email_verified: false },
      { email: 'root@site.test', email_verified: 'false' },
      { email: 'root@site.test', email_verified: null },
    ]) {
      idp.person = { sub: '3', ...person };
      const done = await openBrowser(site).signIn();
      assert.equal(done.status, 403, JSON.stringify(person));
      assert.equal(
        done.headers.getSetCookie().some((line) => line.startsWith(`${COOKIE}=`)),
        false,
      );
    }
  });

  test('refuses tokens of another issuer, audience, nonce or key, expired ones, and those without a signature', async () => {
    const wrong = [
      { claims: { iss: 'http://127.0.0.1:1' } },
      { claims: { aud: 'other' } },
      { claims: { nonce: 'other' } },
      { claims: { exp: 1 } },
      { unknownKey: true },
      { unsigned: true },
      { redirectToken: true },
    ];
    for (const tamper of wrong) {
      idp.tamper = tamper;
      const browser = openBrowser(site);
      const done = await browser.signIn();
      assert.equal(done.status, 403, JSON.stringify(tamper));
      assert.equal(browser.cookies.has(COOKIE), false);
      assert.doesNotMatch(done.text, /nonce|issuer|JWT|jwks|127\.0\.0\.1:\d+\/token/i);
    }
  });

  test('follows the provider to its next key', async () => {
    await openBrowser(site).signIn();
    await idp.rotate();
    // Keys are asked again when one is unknown, but not more often than once a minute.
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 });
    const done = await openBrowser(site).signIn();
    assert.equal(done.headers.get('location'), '/runs', done.text);
  });

  test('is for the browser that began it, once, and within ten minutes', async () => {
    const [mine, other] = [openBrowser(site), openBrowser(site)];
    const back = await comeBack(mine, '/runs');
    assert.equal((await other.get(back)).status, 403);
    const again = new Map(mine.cookies);
    assert.equal((await mine.get(back)).status, 303);
    const replay = openBrowser(site);
    for (const [name, value] of again) replay.cookies.set(name, value);
    assert.equal((await replay.get(back)).status, 403);
    const late = openBrowser(site);
    const path = await comeBack(late, '/runs');
    now += 11 * 60_000;
    assert.equal((await late.get(path)).status, 403);
  });

  test('with another state than the one that was sent is refused', async () => {
    const browser = openBrowser(site);
    const back = await comeBack(browser, '/runs');
    assert.equal((await browser.get(back.replace(/state=[^&]+/, 'state=other'))).status, 403);
    assert.equal((await openBrowser(site).get('/login/callback?error=access_denied')).status, 403);
  });

  test('leads nowhere but to pages of this server', async () => {
    const places = [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/%5Cevil.example/..//evil',
      '\t//evil.example',
      '/login?to=x',
      '/v1/runs',
      'runs',
      '/runs\r\nset-cookie: a=b',
      `/${'a'.repeat(600)}`,
    ];
    for (const to of places) {
      const done = await openBrowser(site).signIn(to);
      const location = done.headers.get('location') ?? '';
      assert.ok(
        location === '/' || (to === '/%5Cevil.example/..//evil' && new URL(location, 'http://here.test').host === 'here.test'),
        `${to} leads to ${location}`,
      );
    }
  });
});

describe('a provider', () => {
  test('that points to other machines is not followed there', async () => {
    for (const [member, url] of [
      ['jwks_uri', 'http://169.254.169.254/latest/meta-data'],
      ['token_endpoint', 'http://127.0.0.1:1/token'],
    ] as const) {
      idp.tamper = { discovery: { [member]: url } };
      const fresh = await openSite({ settings: `login: { issuer: "${idp.issuer}", clientId: slipway, clientSecret: env:CLIENT_SECRET }\n` });
      const done = await openBrowser(fresh).signIn();
      assert.equal(done.status, 403, member);
      const told = fresh.logged.find(({ message }) => message === 'a sign-in failed');
      assert.match(JSON.stringify(told), /which the settings do not name/);
      await fresh[Symbol.asyncDispose]();
    }
  });
});

describe('a session', () => {
  test('gets a new name at every sign-in: one that somebody planted is never taken over', async () => {
    const browser = openBrowser(site);
    browser.cookies.set(COOKIE, 'A'.repeat(43));
    await browser.signIn();
    const first = browser.cookies.get(COOKIE);
    assert.notEqual(first, 'A'.repeat(43));
    await browser.signIn();
    const second = browser.cookies.get(COOKIE);
    assert.notEqual(first, second);
    const old = openBrowser(site);
    old.cookies.set(COOKIE, first ?? '');
    assert.equal((await old.get('/runs')).status, 303, 'the old one is over');
  });

  test('ends after half an hour of nothing, after twelve hours, and when its owner says so', async () => {
    const browser = openBrowser(site);
    await browser.signIn();
    const begin = now;
    now = begin + 29 * 60_000;
    assert.equal((await browser.get('/runs')).status, 200);
    now = begin + 58 * 60_000;
    assert.equal((await browser.get('/runs')).status, 200, 'it was used in between');
    now = begin + 90 * 60_000;
    assert.equal((await browser.get('/runs')).status, 303);
    now = begin;
    await browser.signIn();
    for (let minutes = 0; minutes <= 12 * 60; minutes += 25) {
      now = begin + minutes * 60_000;
      if (minutes < 12 * 60) assert.equal((await browser.get('/runs')).status, 200, String(minutes));
    }
    now = begin + 12 * 3_600_000;
    assert.equal((await browser.get('/runs')).status, 303);
    now = begin;
    await browser.signIn();
    const cookie = browser.cookies.get(COOKIE) ?? '';
    assert.equal((await browser.post('/logout', { csrf: await browser.csrf() })).status, 303);
    assert.equal(browser.cookies.has(COOKIE), false);
    const thief = openBrowser(site);
    thief.cookies.set(COOKIE, cookie);
    assert.equal((await thief.get('/runs')).status, 303);
  });

  test('cannot be read out of the store', async () => {
    const browser = openBrowser(site);
    await browser.signIn();
    const kept = await site.parts.deps.store.documents.list('sessions');
    assert.doesNotMatch(JSON.stringify(kept), new RegExp(browser.cookies.get(COOKIE) ?? 'none'));
  });

  test('changes nothing without its token, from another site, or with the token of another session', async () => {
    const [ada, other] = [openBrowser(site), openBrowser(site)];
    await ada.signIn();
    await other.signIn();
    const form = { 'input.name': 'csrf', do: 'run' };
    const path = '/runbooks/estate/greet';
    const csrf = await ada.csrf();
    assert.equal((await ada.post(path, form)).status, 403);
    assert.equal((await ada.post(path, { ...form, csrf: await other.csrf() })).status, 403);
    assert.equal((await ada.post(path, { ...form, csrf }, { origin: 'https://evil.example' })).status, 403);
    assert.equal((await ada.post(path, { ...form, csrf }, { 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.equal((await ada.post('/logout', {})).status, 403);
    const api = (headers: { readonly [name: string]: string }) =>
      site.call('/v1/runs', {
        body: { runbook: 'greet', inputs: { name: 'csrf' } },
        headers: { cookie: [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; '), ...headers },
      });
    assert.deepEqual([(await api({})).get('code'), (await api({ 'x-csrf-token': csrf, origin: 'https://evil.example' })).get('code')], ['CSRF', 'CSRF']);
    assert.equal((await api({ 'x-csrf-token': csrf })).status, 202);
    const sent = await ada.post(path, { ...form, csrf });
    assert.match(sent.headers.get('location') ?? '', /^\/runs\/run-/);
  });
});
