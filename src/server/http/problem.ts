import { z } from 'zod';
import { EXIT, type JsonObject, SlipwayError } from '../../core/index.ts';
import type { Ctx } from './env.ts';

/** An error as RFC 9457 says, with our code, and every mistake at once. */
export const Problem = z.strictObject({
  type: z.string().meta({ description: 'urn:slipway:problem:<code>' }),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.string(),
  hint: z.string().optional(),
  /** Of this answer; the log of the server has it too. */
  requestId: z.string(),
  errors: z.array(z.strictObject({ pointer: z.string(), code: z.string(), detail: z.string(), hint: z.string().optional() })).optional(),
});

const BY_CODE: { readonly [code: string]: number } = {
  UNAUTHENTICATED: 401,
  DELIVERY_MALFORMED: 400,
  SIGNATURE_MISSING: 401,
  SIGNATURE_INVALID: 401,
  SIGNATURE_STALE: 401,
  CSRF: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  BODY_TOO_SLOW: 408,
  MEDIA_TYPE: 415,
  MISDIRECTED: 421,
  INVALID: 422,
  IDEMPOTENCY_MISMATCH: 422,
  RATE_LIMITED: 429,
  TOO_MANY_FOLLOWERS: 503,
  DRAINING: 503,
  REPOSITORY_INVALID: 503,
  PLAN_NOT_READY: 409,
  RUN_OVER: 409,
  NOT_IN_ATTENTION: 409,
  NOTHING_TO_UNDO: 409,
  PAST_NO_RETURN: 409,
  STORE_CONFLICT: 409,
  TOKEN_EXISTS: 409,
  ALREADY_RUNNING: 409,
  REHEARSAL_PLAN: 422,
  PLAN_TAMPERED: 422,
};
const BY_EXIT: { readonly [exit: number]: number } = {
  [EXIT.usage]: 400,
  [EXIT.notAuthorized]: 403,
  [EXIT.policyDenied]: 422,
  [EXIT.notFound]: 404,
  [EXIT.stalePlan]: 409,
  [EXIT.locked]: 409,
  [EXIT.approvalMissing]: 409,
};
const TITLES: { readonly [status: number]: string } = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Too slow',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  422: 'Cannot be done as asked',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available now',
};

/** The HTTP status that says what went wrong. */
export function statusOf(thrown: unknown): number {
  if (!(thrown instanceof SlipwayError)) return 500;
  return BY_CODE[thrown.code] ?? BY_EXIT[thrown.exitCode] ?? 500;
}

/** What may be told outside. Of our own failures only that there was one: their words name files, hosts and statements. */
export function problemBody(thrown: unknown, requestId: string): JsonObject {
  const status = statusOf(thrown);
  const title = TITLES[status] ?? 'Error';
  if (status >= 500 && status !== 503)
    return { type: 'urn:slipway:problem:INTERNAL', title, status, code: 'INTERNAL', detail: 'the log of the server has more under this request id', requestId };
  const { code, message, hint, problems } = thrown instanceof SlipwayError ? thrown : new SlipwayError('INTERNAL', '');
  const errors = problems.map((each) => ({ pointer: pointerOf(each.path), code: each.code, detail: each.message, ...hintOf(each) }));
  return {
    ...{ type: `urn:slipway:problem:${code}`, title, status, detail: message, code },
    ...(hint === undefined ? {} : { hint }),
    requestId,
    ...(errors.length === 0 ? {} : { errors }),
  };
}

/** Hints about the command line mean nothing to whoever sends JSON. */
function hintOf({ hint }: { readonly hint?: string }): { readonly hint?: string } {
  return hint === undefined || /(^|\s)--\w/.test(hint) ? {} : { hint };
}

/** `inputs.size.0` as a JSON pointer. */
function pointerOf(path: string): string {
  return path === ''
    ? ''
    : `/${path
        .replaceAll(/\[(\d+)\]/g, '.$1')
        .replaceAll('~', '~0')
        .replaceAll('/', '~1')
        .replaceAll('.', '/')}`;
}

/** Answer with a problem. */
export function problemReply(c: Ctx, thrown: unknown): Response {
  const requestId = c.get('requestId');
  const body = problemBody(thrown, requestId);
  const status = statusOf(thrown);
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (status === 401) headers.set('www-authenticate', 'Bearer realm="slipway"');
  return new Response(JSON.stringify(body), { status, headers });
}
