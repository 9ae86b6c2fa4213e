import type { z } from 'zod';
import { clean, isObject, type JsonObject, type Secret } from '../../core/index.ts';
import { HostError } from '../error.ts';
import type { ExchangeResponse } from './exchange.ts';
import { placeOf, type Sender } from './sender.ts';

export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Made by `apiPath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: JsonObject;
  readonly accept?: string;
  /** May it be sent twice? Everything but POST may unless told. */
  readonly repeatable?: boolean;
  readonly maxBodyBytes?: number;
  readonly signal?: AbortSignal | undefined;
}
/** JSON over HTTP with the credentials of a host. */
export interface Api {
  /** @throws {HostError} for every status that is not 2xx. */
  send(call: ApiCall): Promise<ExchangeResponse>;
  /** The answer in the shape that is needed; `HOST_ANSWER` when it has another. */
  read<T>(schema: z.ZodType<T>, call: ApiCall): Promise<T>;
  /** The same, undefined where there is nothing (404). */
  find<T>(schema: z.ZodType<T>, call: ApiCall): Promise<T | undefined>;
  /** Whole address of a call. */
  address(call: Pick<ApiCall, 'path' | 'query'>): string;
}
export interface ApiOptions {
  /** Without a slash at the end. */
  readonly base: string;
  readonly authorize: () => { readonly [name: string]: string | Secret };
  readonly sender: Sender;
}

export function createApi({ base, authorize, sender }: ApiOptions): Api {
  const address: Api['address'] = ({ path, query = {} }) => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.append(name, String(value));
    return `${base}${path}${search.size === 0 ? '' : `?${search.toString()}`}`;
  };
  const send: Api['send'] = async (call) => {
    const { method = 'GET', body } = call;
    const sending = {
      method,
      url: address(call),
      headers: {
        accept: call.accept ?? 'application/json',
        'user-agent': 'slipway',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...authorize(),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      repeatable: call.repeatable ?? method !== 'POST',
      maxBodyBytes: call.maxBodyBytes,
      signal: call.signal,
    };
    const response = await sender(sending);
    if (response.status >= 200 && response.status < 300) return response;
    throw refusal(placeOf(method, sending.url), response);
  };
  const read: Api['read'] = async (schema, call) => shaped(schema, await send(call), placeOf(call.method ?? 'GET', address(call)));
  const find: Api['find'] = async (schema, call) => {
    try {
      return await read(schema, call);
    } catch (cause) {
      if (cause instanceof HostError && cause.code === 'HOST_NOT_FOUND') return undefined;
      throw cause;
    }
  };
  return { send, read, find, address };
}

/** The host's answer in the shape that is needed. @throws {HostError} `HOST_ANSWER`. */
export function shaped<T>(schema: z.ZodType<T>, response: ExchangeResponse, place: string): T {
  if (response.bodyBytes > response.body.length) throw new HostError('HOST_ANSWER', `${place}: the answer has ${response.bodyBytes} bytes`);
  const parsed = schema.safeParse(jsonOf(response.body));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  throw new HostError('HOST_ANSWER', `${place}: the answer is not what it should be (${where.join('; ')})`, {
    status: response.status,
    hint: 'is the address that of the host, and is its version one that Slipway knows?',
  });
}

/** What a status that is not 2xx means. */
export function refusal(place: string, response: Pick<ExchangeResponse, 'status' | 'body'>): HostError {
  const { status } = response;
  const said = reasonIn(response.body);
  const message = `${place}: ${said === '' ? `status ${status}` : `${said} (${status})`}`;
  if (status === 401 || status === 403) {
    return new HostError('HOST_DENIED', message, { status, hint: 'is the token still valid, and does it have the scopes that docs/git-hosts.md names?' });
  }
  if (status === 404 || status === 410) return new HostError('HOST_NOT_FOUND', message, { status, hint: 'does it exist, and may this token see it?' });
  if (status >= 300 && status < 400) {
    return new HostError('HOST_FAILED', message, { status, hint: 'it has moved: write the name that it has now into the configuration' });
  }
  return new HostError('HOST_FAILED', message, { status });
}

/** The words hosts put into a refusal: `message`, `error`, or Bitbucket's `errors[].message`. */
function reasonIn(body: Uint8Array): string {
  const json = jsonOf(body.subarray(0, 65_536));
  if (!isObject(json)) return '';
  const [first] = Array.isArray(json['errors']) ? (json['errors'] as readonly unknown[]) : []; // an array by the check before
  const found = [json['message'], isObject(first) ? first['message'] : undefined, json['error']].find((each) => each !== undefined && each !== null);
  return found === undefined ? '' : clean(typeof found === 'string' ? found : JSON.stringify(found)).slice(0, 200);
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}
