import { timingSafeEqual } from 'node:crypto';
import { getCookie } from 'hono/cookie';
import type { Tokens } from '../../app/index.ts';
import { EXIT, SlipwayError } from '../../core/index.ts';
import type { Caller, Ctx } from '../http/env.ts';
import type { Limiter } from '../http/limiter.ts';
import type { Sessions } from './sessions.ts';

export const SESSION_COOKIE = 'slipway';
/** With this prefix browsers take a cookie only over TLS, for this host and the whole of it. */
export const COOKIE_OPTIONS = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax', prefix: 'host' } as const;

export interface AuthenticateOptions {
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly failures: Limiter;
  readonly publicUrl: string;
}
/** Finds out who asks. */
export interface Authenticator {
  /** By token or session. What changes something has to come with the token of the session when a browser sends its cookie along. */
  forApi(c: Ctx): Promise<Caller | undefined>;
  /** By session alone, for pages; forms carry the token of the session as a field, see `checkForm`. */
  forPages(c: Ctx): Promise<Caller | undefined>;
  /** @throws {SlipwayError} `CSRF`. */
  checkForm(c: Ctx, caller: Caller, given: string | undefined): void;
}

export function createAuthenticator(options: AuthenticateOptions): Authenticator {
  const { publicUrl } = options;
  return {
    forApi: async (c) => {
      if (c.req.header('authorization') !== undefined) return byToken(c, options);
      const caller = await bySession(c, options);
      if (caller && !isSafe(c)) checkOrigin(c, caller, { given: c.req.header('x-csrf-token'), publicUrl });
      return caller;
    },
    forPages: (c) => bySession(c, options),
    checkForm: (c, caller, given) => checkOrigin(c, caller, { given, publicUrl }),
  };
}

/** A wrong token is an error even where a session would do: whoever sends one means it. @throws {SlipwayError} `UNAUTHENTICATED`, `RATE_LIMITED`. */
async function byToken(c: Ctx, { tokens, failures }: AuthenticateOptions): Promise<Caller> {
  const key = `token ${c.get('network')}`;
  failures.check(key);
  const text = /^Bearer ([\x21-\x7E]{1,200})$/i.exec(c.req.header('authorization') ?? '')?.[1];
  const token = text === undefined ? undefined : await tokens.find(text);
  if (token) return { identity: { id: `token:${token.name}`, via: 'token', scopes: token.scopes } };
  failures.take(key);
  throw new SlipwayError('UNAUTHENTICATED', 'the token is unknown, has ended, or was revoked', {
    exitCode: EXIT.notAuthorized,
    hint: 'make one with: slipway token create',
  });
}

async function bySession(c: Ctx, { sessions }: AuthenticateOptions): Promise<Caller | undefined> {
  const cookie = getCookie(c, SESSION_COOKIE, 'host');
  const session = cookie === undefined ? undefined : await sessions.find(cookie);
  return session && { identity: { id: session.id, via: 'session', groups: session.groups }, csrf: session.csrf };
}

/** A browser sends cookies along with what other sites make it send; those sites know neither our token nor can they pose as us. */
function checkOrigin(c: Ctx, { csrf = '' }: Caller, { given, publicUrl }: { readonly given: string | undefined; readonly publicUrl: string }): void {
  const origin = c.req.header('origin');
  const site = c.req.header('sec-fetch-site');
  const isOurs = (origin === undefined || origin === new URL(publicUrl).origin) && (site === undefined || site === 'same-origin' || site === 'none');
  if (isOurs && isSame(csrf, given ?? '')) return;
  throw new SlipwayError('CSRF', 'the request did not come from a page of this server', { exitCode: EXIT.notAuthorized, hint: 'load the page again' });
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length > 0 && a.length === b.length && timingSafeEqual(a, b);
}

function isSafe(c: Ctx): boolean {
  return c.req.method === 'GET' || c.req.method === 'HEAD';
}
