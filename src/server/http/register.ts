import type { Hono } from 'hono';
import type { z } from 'zod';
import { EXIT, isObject, type Json, type Problem, SlipwayError } from '../../core/index.ts';
import { parseJson, readBody, requireType } from './body.ts';
import type { Caller, Ctx, Env } from './env.ts';
import { problemReply } from './problem.ts';
import { jsonReply } from './reply.ts';
import type { Route } from './route.ts';

/** Who asks, or a problem. */
export type Authenticate = (c: Ctx) => Promise<Caller | undefined>;

/** Other methods than those that are served, at the paths that are. */
export function registerRest(app: Hono<Env>, routes: readonly Route[]): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    app.all(patternOf(path), (c) => {
      const hint = `use ${methods.join(' or ')}`;
      const reply = problemReply(c, new SlipwayError('METHOD_NOT_ALLOWED', `${c.req.method} is not served here`, { exitCode: EXIT.usage, hint }));
      reply.headers.set('allow', methods.join(', '));
      return reply;
    });
  }
}

function patternOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Serve a route: check everything that comes in, all mistakes at once, then call its handler. */
export function register(app: Hono<Env>, route: Route, authenticate: Authenticate): void {
  app.on(route.method.toUpperCase(), patternOf(route.path), async (c) => {
    const caller = route.open === 'callers' ? await requireCaller(c, authenticate) : undefined;
    const input = await readInput(c, route);
    const reply = await route.handle({ c, ...input, caller });
    return reply instanceof Response ? reply : jsonReply(c, reply);
  });
}

async function requireCaller(c: Ctx, authenticate: Authenticate): Promise<Caller> {
  const caller = await authenticate(c);
  if (caller) return caller;
  throw new SlipwayError('UNAUTHENTICATED', 'nobody is signed in', {
    exitCode: EXIT.notAuthorized,
    hint: 'send a token: Authorization: Bearer slw_…; or sign in',
  });
}

async function readInput(c: Ctx, route: Route): Promise<{ params: { [name: string]: unknown }; query: { [name: string]: unknown }; body: unknown }> {
  const problems: Problem[] = [];
  const check = (shape: z.ZodType | undefined, value: unknown, at: string): unknown => {
    const parsed = shape?.safeParse(value);
    if (parsed && !parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(issue, at)));
    return parsed?.success ? parsed.data : {};
  };
  const params = check(route.params, c.req.param(), 'path');
  const query = check(route.query, queryOf(c), 'query');
  const body = route.body ? check(route.body, await jsonOf(c), '') : undefined;
  if (problems.length === 0) return { params: asRecord(params), query: asRecord(query), body };
  throw new SlipwayError('BAD_REQUEST', problems.length === 1 ? '1 mistake in the request' : `${problems.length} mistakes in the request`, {
    exitCode: EXIT.usage,
    hint: 'errors says what is wrong, and GET /v1/openapi.json what is right',
    problems,
  });
}

async function jsonOf(c: Ctx): Promise<Json> {
  requireType(c, 'application/json');
  return parseJson(await readBody(c));
}

/** A parameter that is there twice is a list; a shape that wants one value refuses it. */
function queryOf(c: Ctx): { readonly [name: string]: string | readonly string[] } {
  return Object.fromEntries(Object.entries(c.req.queries()).map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]));
}

function problemsOf(issue: z.core.$ZodIssue, at: string): readonly Problem[] {
  const base = { severity: 'error', file: '(request)', line: 1, column: 1 } as const;
  const path = [at, ...issue.path.map(String)].filter((part) => part !== '').join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ ...base, code: 'UNKNOWN_KEY', path: `${path}.${key}`.replace(/^\./, ''), message: `there is no "${key}" here` }));
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flatMap((each) => each.slice(0, 1)).flatMap((each) => problemsOf(each, path));
    return inner.length > 0 ? inner.slice(0, 3) : [{ ...base, code: 'BAD_VALUE', path, message: lower(issue.message) }];
  }
  return [{ ...base, code: 'BAD_VALUE', path, message: lower(issue.message) }];
}

function lower(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

function asRecord(value: unknown): { [name: string]: unknown } {
  return isObject(value) ? { ...value } : {};
}
