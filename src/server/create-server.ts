import { Hono } from 'hono';
import type { MiddlewareHandler } from 'hono';
import { createLimiter, type Limiter } from './http/limiter.ts';
import { EXIT, messageOf, randomText, SlipwayError } from '../core/index.ts';
import { notFound } from './api/records.ts';
import type { ServerDeps } from './deps.ts';
import { addHealth } from './health.ts';
import { createClientOf, networkOf } from './http/client.ts';
import type { Ctx, Env } from './http/env.ts';
import { securityHeaders } from './http/headers.ts';
import { problemReply, statusOf } from './http/problem.ts';
import { type Authenticate, register, registerRest } from './http/register.ts';
import { type Authenticator, createAuthenticator } from './login/authenticate.ts';
import type { Fetch } from './login/guarded-fetch.ts';
import { createOidc } from './login/oidc.ts';
import { addLogin } from './login/routes.ts';
import { createSessions, type Sessions } from './login/sessions.ts';
import { addPortal, wantsPage } from './portal/index.ts';
import { errorPage } from './portal/error-page.ts';
import { apiRoutes } from './routes.ts';
import { isLoopback } from './settings/index.ts';

/** What a server may be given otherwise than from its settings. */
export interface ServerOptions {
  /** For asking the identity provider. */
  readonly fetch: Fetch;
}
const SESSION_DEFAULTS = { idle: 30 * 60_000, longest: 12 * 3_600_000 };
const WEBHOOKS = /^\/v1\/(?:triggers|hosts)\//;

/** Put a server together: a function from requests to answers, which a socket or a test may call. */
export function createServer(deps: ServerDeps, { fetch }: ServerOptions): Hono<Env> {
  const { settings, clock, store, tokens } = deps;
  const failures = createLimiter(settings.limits.failuresPerMinute, clock);
  const sessions = createSessions(store, clock, settings.login ?? SESSION_DEFAULTS);
  const authenticator = createAuthenticator({ tokens, sessions, failures, publicUrl: settings.publicUrl });
  const app = new Hono<Env>();
  app.use(identify(deps), logRequests(deps), securityHeaders(settings.publicUrl), checkHost(settings.publicUrl), refusePlainText(settings));
  app.onError((error, c) => answerError(deps, authenticator, c, error));
  app.notFound(async (c) => answerError(deps, authenticator, c, notFound(c.req.path)));
  addHealth(app, deps);
  app.use(limitRequests(deps));
  const authenticate: Authenticate = (c) => authenticator.forApi(c);
  const routes = apiRoutes(deps, { failures, authenticate });
  for (const route of routes) register(app, route, authenticate);
  registerRest(app, routes);
  addLogin(app, deps, { oidc: oidcOf(deps, fetch), sessions, authenticator, failures });
  addPortal(app, deps, authenticator);
  return app;
}

export type { Authenticator, Limiter, Sessions };

function oidcOf({ settings, clock }: ServerDeps, fetch: Fetch): ReturnType<typeof createOidc> | undefined {
  const { login, clientSecret, publicUrl } = settings;
  return login && createOidc({ settings: login, clientSecret, redirectUri: `${publicUrl}/login/callback`, fetch, clock });
}

/** Name the request and find out where it came from. A name from outside counts only when a known proxy gave it. */
function identify({ settings, log }: ServerDeps): MiddlewareHandler<Env> {
  const clientOf = createClientOf(settings.listen.trustedProxies);
  return async (c, next) => {
    const { address, isProxied } = clientOf(c);
    const given = c.req.header('x-request-id') ?? '';
    c.set('requestId', isProxied && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomText(16));
    c.set('client', address);
    c.set('network', networkOf(address));
    c.set('isProxied', isProxied);
    c.set('log', log);
    await next();
  };
}

/** One line for every request: what, how it ended, how long it took; never a query, a header or a body. */
function logRequests({ log, clock }: ServerDeps): MiddlewareHandler<Env> {
  return async (c, next) => {
    const beganAt = clock.monotonic();
    await next();
    const { method, path } = c.req;
    if (isProbe(c)) return;
    const ms = Math.round(clock.monotonic() - beganAt);
    const problem = c.get('problem');
    const why = problem === undefined ? {} : { problem };
    const at = { requestId: c.get('requestId'), client: c.get('client') };
    log.info({ ...at, method, path: path.slice(0, 300), status: c.res.status, ms, ...runIn(path), ...why }, 'request');
  };
}

function runIn(path: string): { readonly runId?: string } {
  const runId = /\/(run-[0-9]{8}-[0-9a-z]{10})(?:\/|$)/.exec(path)?.[1];
  return runId === undefined ? {} : { runId };
}

/** A server that leaves TLS to proxies talks to them alone: whoever else reaches its port does so in plain text, with their tokens. */
function refusePlainText({ listen, tls }: ServerDeps['settings']): MiddlewareHandler<Env> {
  const isOpen = tls === undefined && !isLoopback(listen.host);
  return async (c, next) => {
    if (isOpen && !c.get('isProxied') && !isLoopback(c.get('client')) && !isProbe(c))
      throw new SlipwayError('PLAIN_TEXT', 'this server takes requests through its proxy alone', {
        exitCode: EXIT.notAuthorized,
        hint: 'ask the address of the proxy; is its own address in listen.trustedProxies?',
      });
    await next();
  };
}

function isProbe({ req: { path } }: Ctx): boolean {
  return path === '/healthz' || path === '/readyz';
}

/** A name that is not ours means that somebody was sent here by a trick (DNS rebinding) or a mistake. */
function checkHost(publicUrl: string): MiddlewareHandler<Env> {
  const { host } = new URL(publicUrl);
  return async (c, next) => {
    if (!isProbe(c) && (c.req.header('host') ?? host).toLowerCase() !== host)
      throw new SlipwayError('MISDIRECTED', 'this server does not go by that name', { exitCode: EXIT.usage, hint: `it is ${publicUrl}` });
    await next();
  };
}

/** Requests by address; webhooks have a limit of their own, so that neither crowds out the other. */
function limitRequests({ settings, clock }: ServerDeps): MiddlewareHandler<Env> {
  const requests = createLimiter(settings.limits.requestsPerMinute, clock);
  const webhooks = createLimiter(settings.limits.webhooksPerMinute, clock);
  return async (c, next) => {
    const limiter = WEBHOOKS.test(c.req.path) ? webhooks : requests;
    const { limit, remaining, resetSeconds } = limiter.take(c.get('network'));
    await next();
    c.res.headers.set('ratelimit-limit', String(limit));
    c.res.headers.set('ratelimit-remaining', String(remaining));
    c.res.headers.set('ratelimit-reset', String(resetSeconds));
  };
}

/** Say what went wrong: in a page to people, as a problem to programs. What is our own fault goes into the log whole, and nowhere else. */
async function answerError(deps: ServerDeps, authenticator: Authenticator, c: Ctx, error: unknown): Promise<Response> {
  const status = statusOf(error);
  c.set('problem', error instanceof SlipwayError ? error.code : 'BUG');
  if (status >= 500) {
    const { code, stack } = error instanceof SlipwayError ? error : { code: 'BUG', stack: error instanceof Error ? error.stack : undefined };
    deps.log.error({ requestId: c.get('requestId'), code, error: messageOf(error), stack, because: causesOf(error) }, 'a request failed');
  }
  const reply = wantsPage(c) ? await errorPage(deps, authenticator, c, error) : problemReply(c, error);
  if (status === 429) reply.headers.set('retry-after', '10');
  return reply;
}

function causesOf(thrown: unknown): readonly string[] {
  const said: string[] = [];
  for (let cause = thrown instanceof Error ? thrown.cause : undefined; cause instanceof Error && said.length < 5; cause = cause.cause) said.push(cause.message);
  return said;
}
