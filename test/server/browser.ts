import assert from 'node:assert/strict';
import { type Answer, type Call, callApp, type Site, URL_OF_SITE } from './site.ts';

/** What a browser keeps and sends, without one. */
export interface Browser {
  readonly cookies: Map<string, string>;
  readonly get: (path: string, headers?: { readonly [name: string]: string }) => Promise<Answer>;
  readonly post: (path: string, form: { readonly [name: string]: string }, headers?: { readonly [name: string]: string }) => Promise<Answer>;
  /** Through the identity provider and back; gives the answer of the callback. */
  readonly signIn: (to?: string) => Promise<Answer>;
  /** The token that forms of a page carry. */
  readonly csrf: () => Promise<string>;
}

export function openBrowser({ app }: Site): Browser {
  const cookies = new Map<string, string>();
  const send = async (path: string, call: Call): Promise<Answer> => {
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await callApp(app, path, { ...call, headers: { accept: 'text/html', ...(jar === '' ? {} : { cookie: jar }), ...call.headers } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/i.test(line) || value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  const browser: Browser = {
    cookies,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, form, headers = {}) =>
      send(path, {
        method: 'POST',
        raw: new URLSearchParams(form).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: URL_OF_SITE, ...headers },
      }),
    signIn: async (to = '/runs') => browser.get(await comeBack(browser, to)),
    csrf: async () => /name="csrf" value="([^"]+)"/.exec((await browser.get('/runs')).text)?.[1] ?? '',
  };
  return browser;
}

/** Go to the identity provider; where it sends the browser back to. */
export async function comeBack(browser: Browser, to: string): Promise<string> {
  const begun = await browser.get(`/login?to=${encodeURIComponent(to)}`);
  assert.equal(begun.status, 303, begun.text);
  const sent = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' });
  assert.equal(sent.status, 302, await sent.text());
  const back = new URL(sent.headers.get('location') ?? '');
  return `${back.pathname}${back.search}`;
}
