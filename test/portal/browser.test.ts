import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { listen, type Listening } from '../../src/server/index.ts';
import { type Idp, startIdp } from '../server/idp.ts';
import { ENVIRONMENT, openSite, type Site } from '../server/site.ts';
import { type Chromium, openChromium, whyNoChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';

/** The portal as people use it: a real browser, a real socket, sign-in at a provider. */

const EVIL = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>';

describe('the portal in a browser', { timeout: 240_000, skip: whyNoChromium() ?? false }, () => {
  let chromium: Chromium;
  let idp: Idp;
  let site: Site;
  let server: Listening;
  let url = '';
  before(async () => {
    chromium = await openChromium();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    idp = await startIdp({ id: 'slipway', secret: ENVIRONMENT.CLIENT_SECRET });
    site = await openSite({ url, settings: `login: { issuer: "${idp.issuer}", clientId: slipway, clientSecret: env:CLIENT_SECRET }\n` });
    server = await listen(site.app, { ...site.settings, listen: { ...site.settings.listen, port } });
  });
  after(async () => {
    await chromium?.[Symbol.asyncDispose]();
    await server?.close(200);
    await site?.[Symbol.asyncDispose]();
    await idp?.[Symbol.asyncDispose]();
  });

  /** Open a page as somebody, and note everything that the browser complains about. */
  async function signedIn(context: BrowserContext, email: string, path: string): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
    idp.person = { sub: email, email, groups: [] };
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(`${url}${path}`);
    return { page, complaints };
  }

  test('signs people in, takes a form by its labels, and shows the run end without a reload', async () => {
    await using context = await chromium.person();
    const { page, complaints } = await signedIn(context, 'ada@site.test', '/runbooks');
    await page.getByRole('link', { name: 'greet', exact: true }).click();
    await page.getByLabel('name').fill('browser');
    await page.getByLabel('times').fill('2');
    await page.getByLabel('style').selectOption('fancy');
    const [answer] = await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Run', exact: true }).click()]);
    assert.match(page.url(), /\/runs\/run-/);
    let loads = 0;
    page.on('load', () => loads++);
    await page.locator('#live[data-over="true"]').waitFor();
    assert.match(await page.locator('#live').innerText(), /succeeded/);
    assert.match(await page.locator('#live').innerText(), /work\/hello/);
    assert.equal(loads, 0);
    assert.match((await page.locator('#status').textContent()) ?? '', /succeeded|^$/);
    assert.equal(answer?.status(), 200);
    assert.deepEqual(complaints, []);
  });

  test('lets one person ask and another approve, while both look on', async () => {
    await using ada = await chromium.person();
    await using lea = await chromium.person();
    const { page: asking, complaints } = await signedIn(ada, 'ada@site.test', '/runbooks/estate/gated');
    await asking.getByRole('button', { name: 'Run', exact: true }).click();
    await asking.getByText('work/ask asks for').waitFor();
    const { page: voting } = await signedIn(lea, 'lea@site.test', '/approvals');
    await voting.getByRole('button', { name: 'Approve' }).first().click();
    await voting.locator('#live[data-over="true"]').waitFor();
    await asking.locator('#live[data-over="true"]').waitFor();
    assert.match(await asking.locator('#live').innerText(), /user:lea@site\.test approved work\/ask/);
    assert.deepEqual(complaints, []);
  });

  test('works without scripts', async () => {
    await using context = await chromium.person({ javaScriptEnabled: false });
    const { page } = await signedIn(context, 'ada@site.test', '/runbooks/estate/greet');
    await page.getByLabel('name').fill('x');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    assert.match(await page.getByRole('alert').innerText(), /One field is not right/);
    await page.getByLabel('name').fill('no scripts');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    for (let look = 0; look < 100 && !/succeeded/.test(await page.locator('#live').innerText()); look++) {
      await page.waitForTimeout(200);
      await page.getByRole('link', { name: 'Look again' }).click();
    }
    assert.match(await page.locator('#live').innerText(), /succeeded/);
  });

  test('executes nothing that came as text, and breaks none of its own rules', async () => {
    await using context = await chromium.person();
    const { page, complaints } = await signedIn(context, 'ada@site.test', '/runbooks/estate/greet');
    await page.getByLabel('name').fill(EVIL.slice(0, 40));
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('#live[data-over="true"]').waitFor();
    await page.goto(`${url}/runs?state=${encodeURIComponent(EVIL)}`);
    await page.goto(`${url}/${encodeURIComponent(EVIL)}`);
    assert.equal(await page.evaluate('window.harmed'), undefined);
    const blocked = await page.evaluate(`new Promise((resolve) => {
      const script = document.createElement('script');
      script.onerror = () => resolve('blocked');
      try { script.textContent = 'window.harmed = 1'; document.body.append(script); } catch { return resolve('refused'); }
      setTimeout(() => resolve(window.harmed === 1 ? 'ran' : 'blocked'), 200);
    })`);
    assert.notEqual(blocked, 'ran');
    assert.deepEqual(
      complaints.filter((text) => !/404|Content Security Policy|TrustedScript|Trusted Type/.test(text)),
      [],
    );
  });

  test('can be used by keyboard: the first stop skips to the content, and every field has a name', async () => {
    await using context = await chromium.person();
    const { page } = await signedIn(context, 'ada@site.test', '/runbooks/estate/greet');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content');
    await page.keyboard.press('Enter');
    await page.getByLabel('name').focus();
    await page.keyboard.type('keyboard');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/(?:runs|plans)\//);
    for (const path of ['/runbooks', '/runs', '/approvals']) {
      await page.goto(`${url}${path}`);
      const nameless = await page.evaluate(`[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a')]
        .filter((element) => !element.textContent.trim() && !element.labels?.length).map((element) => element.outerHTML)`);
      assert.deepEqual(nameless, [], path);
      assert.equal(await page.getByRole('navigation', { name: 'Main' }).count(), 1);
    }
  });

  test('forgets who was there when they sign out', async () => {
    await using context = await chromium.person();
    const { page } = await signedIn(context, 'ada@site.test', '/runs');
    const cookies = await context.cookies();
    const session = cookies.find(({ name }) => name === '__Host-slipway');
    assert.deepEqual([session?.httpOnly, session?.secure, session?.sameSite], [true, true, 'Lax']);
    idp.person = { sub: 'eve', email: 'eve@site.test', groups: [] };
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/./);
    assert.equal(
      (await context.cookies()).some(({ name, value }) => name === '__Host-slipway' && value === session?.value),
      false,
    );
  });
});
