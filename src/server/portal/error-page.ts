import { html } from 'hono/html';
import type { ServerDeps } from '../deps.ts';
import type { Caller, Ctx } from '../http/env.ts';
import { problemBody, statusOf } from '../http/problem.ts';
import type { Authenticator } from '../login/authenticate.ts';
import { type Page, sendPage } from './layout.ts';

const STATUSES: readonly NonNullable<Page['status']>[] = [400, 403, 404, 409, 422, 429, 500, 503];

/** What went wrong, as a page; it says no more than a problem would. Whoever is not signed in is sent to sign in. */
export async function errorPage(deps: ServerDeps, authenticator: Authenticator, c: Ctx, error: unknown): Promise<Response> {
  const status = statusOf(error);
  const caller = await callerOf(authenticator, c);
  if (status === 401 && !caller && deps.settings.login) return c.redirect(`/login?to=${encodeURIComponent(c.req.path)}`, 303);
  const body = problemBody(error, c.get('requestId'));
  const { detail, hint, requestId } = body;
  const title = typeof body['title'] === 'string' ? body['title'] : 'Error';
  const content = html`<h1>${title}</h1>
    <div class="alert" role="alert">
      <p>${detail}</p>
      ${hint === undefined ? '' : html`<p>${hint}</p>`}
    </div>
    <p>Request ${requestId}</p>`;
  return sendPage(c, { title, caller, content, status: STATUSES.find((each) => each === status) ?? (status === 401 ? 403 : 500) });
}

/** The page about an error must not fail for the same reason. */
async function callerOf(authenticator: Authenticator, c: Ctx): Promise<Caller | undefined> {
  try {
    return await authenticator.forPages(c);
  } catch {
    return undefined;
  }
}
