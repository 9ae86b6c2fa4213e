import { html } from 'hono/html';
import type { Ctx, Caller } from '../http/env.ts';

/** Markup whose values are escaped. */
export type Html = ReturnType<typeof html>;

const PAGES = [
  ['/runbooks', 'Runbooks'],
  ['/runs', 'Runs'],
  ['/approvals', 'Approvals'],
  ['/audit', 'Audit'],
] as const;

export interface Page {
  readonly title: string;
  readonly caller: Caller | undefined;
  readonly content: Html;
  /** Name of the page in the navigation. */
  readonly at?: string;
  readonly script?: boolean;
  readonly status?: 200 | 400 | 403 | 404 | 409 | 422 | 429 | 500 | 503;
}

/** Send a page. */
export async function sendPage(c: Ctx, page: Page): Promise<Response> {
  return c.html(await layout(page), page.status ?? 200);
}

function layout({ title, caller, content, at, script = false }: Page): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Slipway</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/style.css" />
        ${script ? html`<script src="/assets/live.js" defer></script>` : ''}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header>
          <strong>Slipway</strong>
          <nav aria-label="Main">
            <ul>
              ${PAGES.map(([path, name]) => html`<li><a href="${path}" ${path === at ? html`aria-current="page"` : ''}>${name}</a></li>`)}
            </ul>
          </nav>
          ${caller ? signOut(caller) : html`<a href="/login">Sign in</a>`}
        </header>
        <main id="main">${content}</main>
        <p id="status" class="skip" role="status" aria-live="polite"></p>
      </body>
    </html>`;
}

function signOut({ identity, csrf = '' }: Caller): Html {
  return html`<form method="post" action="/logout">
    <input type="hidden" name="csrf" value="${csrf}" />
    <span>${identity.id}</span> <button>Sign out</button>
  </form>`;
}

/** A form of one button, perhaps with a reason. */
export function actionForm(
  { csrf = '' }: Caller,
  {
    action,
    label,
    fields = {},
    reason,
  }: { readonly action: string; readonly label: string; readonly fields?: { readonly [name: string]: string }; readonly reason?: string },
): Html {
  const id = `reason-${action.replaceAll(/[^a-z0-9]+/gi, '-')}`;
  return html`<form method="post" action="${action}" class="inline">
    <input type="hidden" name="csrf" value="${csrf}" />
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    ${reason === undefined ? '' : html`<label for="${id}">${reason}</label><input id="${id}" name="reason" maxlength="1000" required />`}
    <button>${label}</button>
  </form>`;
}

/** A state in words and in a colour; the words carry the meaning. */
export function stateMark(state: string): Html {
  const kind = GOOD.has(state) ? 'good' : BAD.has(state) ? 'bad' : 'warn';
  return html`<span class="${kind}">${WORDS[state] ?? state}</span>`;
}

const GOOD = new Set(['succeeded', 'ok', 'changed', 'compensated', 'running', 'ready', 'allow']);
const BAD = new Set(['failed', 'timedOut', 'rollbackFailed', 'attention', 'refused', 'unreachable', 'deny']);
const WORDS: { readonly [state: string]: string } = {
  attention: 'needs a person',
  rollingBack: 'rolling back',
  rolledBack: 'rolled back',
  rollbackFailed: 'rollback failed',
  timedOut: 'timed out',
  inDoubt: 'in doubt',
  softDeny: 'denied unless overridden',
  deny: 'denied',
  allow: 'allowed',
};

/** A name and what it stands for, in a list of such. */
export function fact(name: string, value: Html): Html {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}

/** A moment for people and for programs. */
export function timeMark(at: number | string): Html {
  const text = typeof at === 'number' ? new Date(at).toISOString() : at;
  return html`<time datetime="${text}">${text.slice(0, 19).replace('T', ' ')} UTC</time>`;
}
