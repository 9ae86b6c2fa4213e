import type { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { EXIT, messageOf, SlipwayError } from '../../core/index.ts';
import type { ServerDeps } from '../deps.ts';
import { readBody } from '../http/body.ts';
import type { Ctx, Env } from '../http/env.ts';
import type { Limiter } from '../http/limiter.ts';
import { type Authenticator, COOKIE_OPTIONS, SESSION_COOKIE } from './authenticate.ts';
import type { Oidc } from './oidc.ts';
import { returnToOf } from './return-to.ts';
import type { Sessions } from './sessions.ts';

export interface LoginOptions {
  readonly oidc: Oidc | undefined;
  readonly sessions: Sessions;
  readonly authenticator: Authenticator;
  readonly failures: Limiter;
}
const ATTEMPT_COOKIE = 'slipway-login';
const ATTEMPT_SECONDS = 600;

/** Sign in, come back, sign out. */
export function addLogin(app: Hono<Env>, deps: ServerDeps, options: LoginOptions): void {
  app.get('/login', (c) => begin(c, deps, options));
  app.get('/login/callback', (c) => finish(c, deps, options));
  app.post('/logout', (c) => end(c, options));
}

async function begin(c: Ctx, { settings }: ServerDeps, { oidc, sessions, failures }: LoginOptions): Promise<Response> {
  // Every one is kept until it comes back or ends.
  failures.take(`login ${c.get('network')}`);
  const { url, attempt } = await known(oidc).begin(returnToOf(c.req.query('to'), settings.publicUrl));
  setCookie(c, ATTEMPT_COOKIE, await sessions.keepAttempt(attempt), { ...COOKIE_OPTIONS, maxAge: ATTEMPT_SECONDS });
  return c.redirect(url, 303);
}

async function finish(c: Ctx, deps: ServerDeps, { oidc, sessions, failures }: LoginOptions): Promise<Response> {
  const key = `callback ${c.get('network')}`;
  failures.check(key);
  const cookie = getCookie(c, ATTEMPT_COOKIE, 'host') ?? '';
  deleteCookie(c, ATTEMPT_COOKIE, COOKIE_OPTIONS);
  try {
    const attempt = await sessions.takeAttempt(cookie);
    if (!attempt)
      throw new SlipwayError('LOGIN_FAILED', 'this sign-in has ended or was not begun in this browser', {
        exitCode: EXIT.notAuthorized,
        hint: 'sign in again',
      });
    const { search } = new URL(c.req.url);
    const person = await known(oidc).finish(new URL(`${deps.settings.publicUrl}/login/callback${search}`), attempt);
    // A session that the browser held before is over: nobody can have planted the one that begins now.
    await sessions.close(getCookie(c, SESSION_COOKIE, 'host') ?? '');
    setCookie(c, SESSION_COOKIE, await sessions.open(person), COOKIE_OPTIONS);
    await deps.store.audit.append({ actor: person.id, action: 'login', object: 'server', details: { client: c.get('client') } });
    return c.redirect(attempt.returnTo, 303);
  } catch (cause) {
    failures.take(key);
    deps.log.warn({ requestId: c.get('requestId'), error: messageOf(cause), because: causesOf(cause) }, 'a sign-in failed');
    throw cause;
  }
}

async function end(c: Ctx, { sessions, authenticator }: LoginOptions): Promise<Response> {
  const caller = await authenticator.forPages(c);
  if (caller) {
    const form = new URLSearchParams(Buffer.from(await readBody(c, 10_000)).toString('utf8'));
    authenticator.checkForm(c, caller, form.get('csrf') ?? undefined);
  }
  await sessions.close(getCookie(c, SESSION_COOKIE, 'host') ?? '');
  deleteCookie(c, SESSION_COOKIE, COOKIE_OPTIONS);
  return c.redirect('/', 303);
}

/** @throws {SlipwayError} `NO_LOGIN`. */
function known(oidc: Oidc | undefined): Oidc {
  if (oidc) return oidc;
  throw new SlipwayError('NO_LOGIN', 'nobody can sign in here: the settings have no "login"', { exitCode: EXIT.notFound, hint: 'use a token' });
}

function causesOf(thrown: unknown): readonly string[] {
  const said: string[] = [];
  for (let cause = thrown instanceof Error ? thrown.cause : undefined; cause instanceof Error && said.length < 5; cause = cause.cause) said.push(cause.message);
  return said;
}
