import { createRequesterFn } from '@gitbeaker/requester-utils';
import type { z } from 'zod';
import { Secret } from '../../core/index.ts';
import { HostError } from '../error.ts';
import { placeOf, refusal, type Sender, tooMany } from '../http/index.ts';
import type { Call } from '../port.ts';

/** Makes one of gitbeaker's resources for one call; its requests go through our sender and end with the call's signal. */
export type Resources = <T>(resource: new (options: ResourceOptions) => T, call: Call | undefined) => T;

export interface ResourceOptions {
  readonly host: string;
  readonly token: string;
  readonly requesterFn: ReturnType<typeof createRequesterFn>;
  readonly queryTimeout: null;
  readonly rateLimits: Record<string, never>;
}
interface Outgoing {
  readonly method?: string;
  readonly prefixUrl?: string;
  readonly searchParams?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Every page has as many; more pages than fit `most` are not asked for. */
export const PAGES = { perPage: 100, maxPages: 100, showExpanded: false } as const;
export const MOST = 10_000;

export function resourcesOf(settings: { readonly url: string; readonly token: Secret }, sender: Sender): Resources {
  return (resource, call) =>
    new resource({
      host: settings.url,
      token: settings.token.reveal(),
      // gitbeaker's own handler repeats writes after a bad gateway, and does not look at how long a limit holds.
      requesterFn: createRequesterFn(
        async (_, options) => options,
        (endpoint, options) => exchange(sender, { endpoint, options: options as Outgoing, call }), // gitbeaker makes it so
      ),
      queryTimeout: null,
      rateLimits: {},
    });
}

async function exchange(
  sender: Sender,
  { endpoint, options, call }: { readonly endpoint: string; readonly options: Outgoing; readonly call: Call | undefined },
): Promise<{ body: Record<string, unknown>; headers: Record<string, string>; status: number }> {
  const { method = 'GET', prefixUrl = '', searchParams = '', headers = {}, body } = options;
  const url = `${prefixUrl.replace(/\/$/, '')}/${endpoint}${searchParams === '' ? '' : `?${searchParams}`}`;
  const response = await sender({
    method,
    url,
    headers: { ...sealed(headers), accept: 'application/json', 'user-agent': 'slipway' },
    body,
    repeatable: isRepeatable(method, endpoint),
    signal: call?.signal,
  });
  if (response.status < 200 || response.status >= 300) throw refusal(placeOf(method, url), response);
  if (response.bodyBytes > response.body.length) throw new HostError('HOST_ANSWER', `${placeOf(method, url)}: the answer has ${response.bodyBytes} bytes`);
  return { body: jsonOf(response.body, placeOf(method, url)), headers: { ...response.headers }, status: response.status };
}

/** The same status said twice is one; what merges is looked at again before it is sent again. */
function isRepeatable(method: string, endpoint: string): boolean {
  return method === 'POST' ? /\/statuses\/[0-9a-f]+$/.test(endpoint) : !endpoint.endsWith('/merge');
}

function sealed(headers: Readonly<Record<string, string>>): Record<string, string | Secret> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, name === 'private-token' ? new Secret(value) : value]));
}

function jsonOf(body: Uint8Array, place: string): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>; // callers check the shape
  } catch (cause) {
    throw new HostError('HOST_ANSWER', `${place}: the answer is not JSON`, { hint: 'is the address that of GitLab?', cause });
  }
}

/** What a resource gives, in the shape that is needed. @throws {HostError} */
export async function shapedAs<T>(schema: z.ZodType<T>, answer: Promise<unknown>): Promise<T> {
  const parsed = schema.safeParse(await answer);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  throw new HostError('HOST_ANSWER', `the answer is not what it should be (${where.join('; ')})`, { hint: 'is the version of GitLab one that Slipway knows?' });
}

/** The same, undefined where there is nothing. */
export async function shapedOrNone<T>(schema: z.ZodType<T>, answer: Promise<unknown>): Promise<T | undefined> {
  try {
    return await shapedAs(schema, answer);
  } catch (cause) {
    if (cause instanceof HostError && cause.code === 'HOST_NOT_FOUND') return undefined;
    throw cause;
  }
}

/** A whole list. @throws {HostError} `PULL_TOO_LARGE` rather than leave something out. */
export async function wholeList<T>(item: z.ZodType<T>, answer: Promise<unknown>, what: string): Promise<readonly T[]> {
  const all = await shapedAs(item.array(), answer);
  if (all.length >= MOST) throw tooMany({ path: what }, MOST);
  return all;
}
