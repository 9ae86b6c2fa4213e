import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createSessions } from '../../src/server/login/sessions.ts';
import { type Browser, openBrowser } from './browser.ts';
import { GREET } from './files.ts';
import { openSite, type Site, until } from './site.ts';

const EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)> & \' ${7*7}';
const INJECTED = `
apiVersion: slipway/v1
kind: Runbook
metadata:
  name: injected
  owner: ${JSON.stringify(EVIL)}
  description: ${JSON.stringify(EVIL)}
inputs:
  name: { type: string, description: ${JSON.stringify(EVIL)}, default: ${JSON.stringify(EVIL)} }
  pick: { type: string, enum: [${JSON.stringify(EVIL)}, b], default: b }
  flag: { type: boolean, default: true }
  count: { type: number, minimum: 1, maximum: 9.5, default: 2 }
  list: { type: array, items: { type: string }, default: [a] }
phases:
  - id: work
    type: custom
    environment: lab
    steps:
      - { id: say, uses: notify, with: { channel: log, title: t, text: '\${{ inputs.name }}' } }
      - { id: ask, uses: approval, with: { approvers: ['team:leads'], reason: ${JSON.stringify(EVIL)} } }
      - { id: broken, uses: check.http, with: { url: 'http://127.0.0.1:9/\${{ inputs.name }}' }, retry: { attempts: 1 } }
`;
const UNWELL = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: unwell, owner: team-web }
phases:
  - id: work
    type: custom
    environment: lab
    steps: [{ id: broken, uses: check.http, with: { url: 'http://127.0.0.1:9/' }, retry: { attempts: 1 }, onFailure: pause }]
`;
const DEFAULTS = { 'input.name': EVIL, 'input.pick': 'b', 'input.flag': 'false', 'input.count': '3', 'input.list': '["x"]' };

let site: Site;
let ada: Browser;
before(async () => {
  site = await openSite({ files: { 'runbooks/injected.yaml': INJECTED, 'runbooks/unwell.yaml': UNWELL, 'runbooks/greet.yaml': GREET } });
  ada = await signedIn('ada@site.test');
});
after(async () => site[Symbol.asyncDispose]());

async function signedIn(name: string): Promise<Browser> {
  const { store, clock } = site.parts.deps;
  const sessions = createSessions(store, clock, { idle: 3_600_000, longest: 3_600_000 });
  const browser = openBrowser(site);
  browser.cookies.set('__Host-slipway', await sessions.open({ id: `user:${name}`, groups: [] }));
  return browser;
}
/** No page holds markup that a value brought along. */
function assertHarmless(text: string, where: string): void {
  for (const [tag] of text.matchAll(/<[a-z][^>]*>/gi)) {
    assert.doesNotMatch(tag, /^<(?:img|iframe|object|embed|base|link(?! rel="(?:stylesheet|icon)" href="\/assets\/))/i, where);
    if (/^<script/i.test(tag)) assert.equal(tag, '<script src="/assets/live.js" defer>', where);
    assert.doesNotMatch(tag.replaceAll(/"[^"]*"/g, '""'), /\s(?:on\w+|style|srcdoc)\s*=/i, where);
    assert.doesNotMatch(tag, /(?:href|action|src)="\s*(?:javascript|data):/i, where);
  }
}

describe('the portal', () => {
  test('is looked at by a check that notices harm', () => {
    for (const text of ['<script>x</script>', '<p onclick="x">', '<a href="javascript:x">', '<img src=x>', '<p style="x">'])
      assert.throws(() => assertHarmless(text, ''), text);
    assertHarmless('<p title="a onclick= b">&lt;script&gt;</p>', '');
  });

  test('shows nobody anything who is not signed in', async () => {
    const stranger = openBrowser(site);
    for (const path of ['/runbooks', '/runs', '/approvals', '/audit', '/runs/run-20261123-0000000000', '/plans/plan-20261123-0000000000']) {
      const answer = await stranger.get(path);
      assert.equal(answer.status, 403, path); // this site has no provider to send people to
      assert.doesNotMatch(answer.text, /greet/, path);
    }
    assert.equal((await stranger.post('/runbooks/estate/greet', { do: 'run' })).status, 403);
  });

  test('makes the form of a runbook from the schema of its inputs', async () => {
    const { text, status } = await ada.get('/runbooks/estate/greet');
    assert.equal(status, 200);
    assert.match(text, /<label for="input-name">name \(needed\)<\/label>/);
    assert.match(text, /<input\s+type="text"[^>]*id="input-name"[^>]*aria-describedby="hint-name"[^>]*required[^>]*minlength="2"\s+maxlength="40"/);
    assert.match(text, /<input\s+type="number"[^>]*value="1"[^>]*step="1"[^>]*min="1"\s+max="5"/);
    assert.match(text, /<select[^>]*id="input-style"[^]*<option value="plain" selected>plain<\/option>[^]*<option value="fancy"\s*>fancy/);
    const secret = await (await signedIn('root@site.test')).get('/runbooks/estate/secretive');
    assert.match(secret.text, /<input\s+type="password" autocomplete="new-password"/);
  });

  test('tells each field what is wrong with it, keeps what was written, and never a secret', async () => {
    const csrf = await ada.csrf();
    const { text, status } = await ada.post('/runbooks/estate/greet', { csrf, do: 'run', 'input.name': 'x', 'input.times': '99', 'input.style': 'loud' });
    assert.equal(status, 422);
    assert.match(text, /role="alert"[^]*3 fields are not right/);
    for (const name of ['name', 'times', 'style']) assert.match(text, new RegExp(`<p class="error" id="error-${name}">`), name);
    assert.match(text, /aria-invalid="true"/);
    assert.match(text, /value="99"/);
    const root = await signedIn('root@site.test');
    const wrong = await root.post('/runbooks/estate/secretive', { csrf: await root.csrf(), do: 'run', 'input.password': 'abc' });
    assert.equal(wrong.status, 422);
    assert.doesNotMatch(wrong.text, /value="abc"/);
  });

  test('starts one run when a form is sent twice, and shows it', async () => {
    const page = await ada.get('/runbooks/estate/greet');
    const hidden = (name: string): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(page.text)?.[1] ?? '';
    const form = { csrf: hidden('csrf'), key: hidden('key'), do: 'run', 'input.name': 'portal', 'input.times': '', 'input.style': 'fancy' };
    const [one, two] = [await ada.post('/runbooks/estate/greet', form), await ada.post('/runbooks/estate/greet', form)];
    assert.equal(one.status, 303);
    assert.equal(one.headers.get('location'), two.headers.get('location'));
    const run = one.headers.get('location') ?? '';
    const shown = await until('the run', async () => {
      const answer = await ada.get(run);
      return /data-over="true"/.test(answer.text) ? answer : undefined;
    });
    assert.match(shown.text, /succeeded/);
    assert.match(shown.text, /work\/hello/);
    assert.match((await ada.get('/runs?state=succeeded')).text, new RegExp(run));
  });

  test('shows a plan, and runs exactly it', async () => {
    const csrf = await ada.csrf();
    const made = await ada.post('/runbooks/estate/greet', { csrf, do: 'plan', 'input.name': 'planned' });
    const path = made.headers.get('location') ?? '';
    assert.match(path, /^\/plans\/plan-/);
    const shown = await until('the plan', async () => {
      const answer = await ada.get(path);
      return /Run exactly this plan/.test(answer.text) ? answer : undefined;
    });
    assert.match(shown.text, /What it would do[^]*hello/);
    const run = await ada.post(`${path}/run`, { csrf });
    assert.match(run.headers.get('location') ?? '', /^\/runs\/run-/);
    assert.equal((await ada.post(`${path}/run`, { csrf })).headers.get('location'), run.headers.get('location'));
  });

  test('lets those vote who are asked, and only them', async () => {
    const csrf = await ada.csrf();
    const run = (await ada.post('/runbooks/estate/gated', { csrf, do: 'run' })).headers.get('location') ?? '';
    await until('the gate', async () => (/work\/ask asks for/.test((await ada.get(run)).text) ? true : undefined));
    const lea = await signedIn('lea@site.test');
    const waiting = await lea.get('/approvals');
    assert.match(waiting.text, new RegExp(run));
    const denied = await ada.post(`${run}/votes`, { csrf, path: 'work/ask', decision: 'approve' });
    assert.deepEqual([denied.status, /may not decide/.test(denied.text)], [403, true]);
    const look = await signedIn('eve@site.test');
    assert.equal((await look.get(run)).status, 403);
    const voted = await lea.post(`${run}/votes`, { csrf: await lea.csrf(), path: 'work/ask', decision: 'approve', reason: EVIL });
    assert.equal(voted.status, 303, voted.text);
    const done = await until('the end', async () => {
      const answer = await ada.get(run);
      return /succeeded/.test(answer.text) ? answer : undefined;
    });
    assert.match(done.text, /user:lea@site\.test approved work\/ask/);
    assertHarmless(done.text, run);
  });

  test('lets a person settle what needs one', async () => {
    const csrf = await ada.csrf();
    const run = (await ada.post('/runbooks/estate/unwell', { csrf, do: 'run' })).headers.get('location') ?? '';
    const asked = await until('attention', async () => {
      const answer = await ada.get(run);
      return /needs a person:/.test(answer.text) ? answer : undefined;
    });
    assert.match(asked.text, /Take it as done/);
    assert.equal((await ada.post(`${run}/resolve`, { csrf, path: 'work/broken', as: 'whatever' })).status, 400);
    assert.equal((await ada.post(`${run}/resolve`, { csrf, path: 'work/broken', as: 'done' })).status, 303);
    await until('the end', async () => (/data-over="true"/.test((await ada.get(run)).text) ? true : undefined));
    assert.match((await ada.get(run)).text, /succeeded/);
  });

  test('shows text from outside as text: names, descriptions, inputs, output, reasons, errors', async () => {
    const form = await ada.get('/runbooks/estate/injected');
    assert.match(form.text, /&lt;script&gt;alert\(1\)/);
    assertHarmless(form.text, 'form');
    assertHarmless((await ada.get('/runbooks')).text, 'list');
    const csrf = await ada.csrf();
    const again = await ada.post('/runbooks/estate/injected', { ...DEFAULTS, csrf, do: 'run', 'input.count': EVIL, 'input.pick': EVIL.slice(1) });
    assert.equal(again.status, 422);
    assertHarmless(again.text, 'errors');
    const planned = await ada.post('/runbooks/estate/injected', { ...DEFAULTS, csrf, do: 'plan' });
    const plan = await until('the plan', async () => {
      const answer = await ada.get(planned.headers.get('location') ?? '');
      return /What it would do|refused/.test(answer.text) ? answer : undefined;
    });
    assertHarmless(plan.text, 'plan');
    const run = (await ada.post('/runbooks/estate/injected', { ...DEFAULTS, csrf, do: 'run' })).headers.get('location') ?? '';
    await until('the gate', async () => (/asks for/.test((await ada.get(run)).text) ? true : undefined));
    assertHarmless((await ada.get(run)).text, 'gate');
    const lea = await signedIn('lea@site.test');
    await lea.post(`${run}/votes`, { csrf: await lea.csrf(), path: 'work/ask', decision: 'approve', reason: EVIL });
    const failed = await until('the failure', async () => {
      const answer = await ada.get(run);
      return /data-over="true"/.test(answer.text) ? answer : undefined;
    });
    assert.match(failed.text, /&lt;script&gt;/);
    assertHarmless(failed.text, 'failed');
    assertHarmless((await ada.get(`/runs?state=${encodeURIComponent(EVIL)}`)).text, 'query');
    assertHarmless((await ada.get(`/${encodeURIComponent(EVIL)}`)).text, 'path');
    const root = await signedIn('root@site.test');
    assertHarmless((await root.get('/audit')).text, 'audit');
  });

  test('says what went wrong in words, and no more than a problem would', async () => {
    const missing = await ada.get('/runs/run-20261123-0000000000');
    assert.deepEqual([missing.status, /<h1>Not found<\/h1>/.test(missing.text)], [404, true]);
    const strange = await ada.get('/runs/..%2f..%2fetc%2fpasswd');
    assert.equal(strange.status, 404);
    assert.equal((await ada.get('/audit')).status, 403);
  });

  test('has pages that machines can read to people: language, landmarks, one heading, labels for every field', async () => {
    for (const path of ['/runbooks', '/runbooks/estate/injected', '/runs', '/approvals']) {
      const { text } = await ada.get(path);
      assert.match(text, /<html lang="en">/, path);
      assert.match(text, /<title>[^<]+ · Slipway<\/title>/, path);
      assert.equal([...text.matchAll(/<h1>/g)].length, 1, path);
      assert.equal([...text.matchAll(/<main /g)].length, 1, path);
      assert.match(text, /<a class="skip" href="#main">/, path);
      const ids = [...text.matchAll(/<(?:input|select|textarea)\b[^>]*?>/g)].map(([tag]) => tag).filter((tag) => !/type="hidden"/.test(tag));
      for (const tag of ids) {
        const id = /id="([^"]+)"/.exec(tag)?.[1] ?? 'none';
        assert.match(text, new RegExp(`<label for="${id}">`), `${path} ${tag}`);
      }
      for (const [, table = ''] of text.matchAll(/<table>([^]*?)<\/table>/g)) assert.match(table, /<th scope="col">/, path);
    }
  });
});
