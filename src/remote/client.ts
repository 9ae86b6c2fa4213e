import { EXIT, type ExitCode, isArray, isObject, type Json, type JsonObject, messageOf, type Problem, type Secret, SlipwayError } from '../core/index.ts';

/** The part of fetch that is used. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;
export interface RemoteOptions {
  /** Address of the server, without a path. */
  readonly server: string;
  readonly token: Secret;
  readonly fetch: Fetch;
}
/** Calls of the API. */
export interface Client {
  get(path: string, signal: AbortSignal): Promise<JsonObject>;
  send(path: string, body: JsonObject, how: { readonly signal: AbortSignal; readonly method?: 'POST' | 'DELETE'; readonly key?: string }): Promise<JsonObject>;
  /** An answer as it comes. */
  open(path: string, headers: { readonly [name: string]: string }, signal: AbortSignal): Promise<Response>;
}

type Asked = Pick<RequestInit, 'method' | 'body'> & { readonly headers?: { readonly [name: string]: string } };

const TIMEOUT_MS = 60_000;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * A client of one server. The token goes to no other address, because redirects are not followed.
 *
 * @throws {SlipwayError} `BAD_SERVER`: plain http is accepted only for this machine.
 */
export function createClient({ server, token, fetch }: RemoteOptions): Client {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!url || !isSafe || url.username !== '' || url.password !== '')
    throw new SlipwayError('BAD_SERVER', `"${server}" is not the address of a server`, {
      exitCode: EXIT.usage,
      hint: 'write https://host; http is accepted only for this machine',
    });
  const ask = async (path: string, options: Asked, signal: AbortSignal): Promise<Response> => {
    const headers = { accept: 'application/json', ...options.headers, authorization: `Bearer ${token.reveal()}` };
    try {
      return await fetch(new URL(path, url).href, { ...options, headers, signal, redirect: 'error' });
    } catch (cause) {
      signal.throwIfAborted();
      throw new SlipwayError('SERVER_UNREACHABLE', `${url.origin} cannot be reached: ${messageOf(cause)}`, {
        retry: 'afterBackoff',
        hint: 'check --server or SLIPWAY_SERVER',
        cause,
      });
    }
  };
  const bounded = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  return {
    get: async (path, signal) => answerOf(await ask(path, {}, bounded(signal))),
    send: async (path, body, { signal, method = 'POST', key }) => {
      const headers = { ...(method === 'POST' ? { 'content-type': 'application/json' } : {}), ...(key === undefined ? {} : { 'idempotency-key': key }) };
      return answerOf(await ask(path, { method, headers, ...(method === 'POST' ? { body: JSON.stringify(body) } : {}) }, bounded(signal)));
    },
    open: async (path, headers, signal) => {
      const response = await ask(path, { headers }, signal);
      if (!response.ok) throw problemOf(response.status, await jsonOf(response));
      return response;
    },
  };
}

async function answerOf(response: Response): Promise<JsonObject> {
  const json = await jsonOf(response);
  if (response.ok) return json;
  throw problemOf(response.status, json);
}

async function jsonOf(response: Response): Promise<JsonObject> {
  try {
    const value = JSON.parse(await response.text()) as Json; // what JSON.parse gives is JSON
    return isObject(value) ? value : {};
  } catch {
    return {}; // a proxy in between may answer in its own way; the status says enough
  }
}

/** A problem of the server as the error that a command on the spot would have had. */
function problemOf(status: number, problem: JsonObject): SlipwayError {
  const code = textIn(problem, 'code') ?? `HTTP_${status}`;
  const request = textIn(problem, 'requestId');
  const message = textIn(problem, 'detail') ?? `the server answered with status ${status}`;
  const hint = textIn(problem, 'hint') ?? (status >= 500 && request !== undefined ? `the log of the server has more under ${request}` : undefined);
  return new SlipwayError(code, message, { exitCode: exitOf(code, status), ...(hint === undefined ? {} : { hint }), problems: problemsIn(problem['errors']) });
}

const BY_CODE: { readonly [code: string]: ExitCode } = {
  POLICY_DENIED: EXIT.policyDenied,
  STALE_PLAN: EXIT.stalePlan,
  LOCKED: EXIT.locked,
  ALREADY_RUNNING: EXIT.locked,
  BEING_UNDONE: EXIT.locked,
};

/** The exit code of a failure that the server named. */
export function exitOf(code: string, status = 500): ExitCode {
  if (code in BY_CODE) return BY_CODE[code] ?? EXIT.error;
  if (status === 401 || status === 403) return EXIT.notAuthorized;
  if (status === 404) return EXIT.notFound;
  return status === 400 || status === 422 ? EXIT.usage : EXIT.error;
}

/** Mistakes that the server tells, as those of inputs. */
export function problemsIn(errors: Json | undefined): readonly Problem[] {
  if (errors === undefined || !isArray(errors)) return [];
  return errors.filter(isObject).map((error) => {
    const hint = textIn(error, 'hint');
    const path = textIn(error, 'path') ?? (textIn(error, 'pointer') ?? '').slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
    const base = { severity: 'error', file: '(inputs)', line: 1, column: 1, path } as const;
    return {
      ...base,
      code: textIn(error, 'code') ?? 'BAD_VALUE',
      message: textIn(error, 'detail') ?? textIn(error, 'message') ?? 'wrong',
      ...(hint === undefined ? {} : { hint }),
    };
  });
}

export function textIn(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' ? value : undefined;
}

/** What a server does not do for others. */
export function notRemote(what: string): SlipwayError {
  return new SlipwayError('NOT_REMOTE', `${what} is done on the machine of the journal, not through a server`, {
    exitCode: EXIT.usage,
    hint: 'leave --server away, and unset SLIPWAY_SERVER',
  });
}
