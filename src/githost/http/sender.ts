import { type Clock, type Secret, SlipwayError } from '../../core/index.ts';
import { HostError } from '../error.ts';
import { createConditional } from './conditional.ts';
import type { Exchange, ExchangeResponse } from './exchange.ts';
import { nextAfter } from './patience.ts';
import type { Turns } from './turns.ts';

const TIMEOUT_MS = 30_000;
/** A page of a hundred long comments fits. */
const MOST_BYTES = 16 * 1024 * 1024;

export interface Sending {
  readonly method: string;
  /** Whole address. */
  readonly url: string;
  readonly headers: { readonly [name: string]: string | Secret };
  readonly body?: string | Uint8Array | undefined;
  /** May it be sent twice? */
  readonly repeatable: boolean;
  readonly maxBodyBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
/** One request to a host with all the patience that makes sense; any status but those of a passing failure is an answer. */
export type Sender = (sending: Sending) => Promise<ExchangeResponse>;

export interface SenderOptions {
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly chance: () => number;
  /** Writes take turns where the host wants that. */
  readonly turns?: Turns;
}

/** @throws {HostError} `HOST_RATE_LIMITED`, `HOST_UNREACHABLE`, `HOST_FAILED`, `HOST_ANSWER` when the answer is larger than 16 MiB. */
export function createSender({ exchange, clock, chance, turns }: SenderOptions): Sender {
  const conditional = createConditional();
  const once = async (sending: Sending): Promise<ExchangeResponse> => {
    const isRead = sending.method === 'GET';
    const key = `${String(sending.headers['accept'])} ${sending.url}`;
    const headers = { ...sending.headers, ...(isRead ? conditional.headersFor(key) : {}) };
    const request = {
      method: sending.method,
      url: sending.url,
      headers,
      ...(sending.body === undefined ? {} : { body: sending.body }),
      timeoutMs: TIMEOUT_MS,
      maxBodyBytes: sending.maxBodyBytes ?? MOST_BYTES,
      followRedirects: false,
    } as const;
    const response = await exchange(request, sending.signal ?? new AbortController().signal);
    return isRead ? conditional.settle(key, response) : response;
  };
  const patiently = async (sending: Sending): Promise<ExchangeResponse> => {
    for (let attempt = 1; ; attempt++) {
      const { response, cause } = await attempted(once, sending);
      const next = nextAfter({ response, attempt, repeatable: sending.repeatable, now: clock.now(), chance: chance() });
      if (next.do === 'take' && response !== undefined) return response;
      if (next.do === 'limited') throw limited(sending, response, next.until);
      if (next.do !== 'again') throw failed(sending, response, cause);
      await clock.sleep(next.afterMs, sending.signal);
    }
  };
  return (sending) => (turns === undefined || sending.method === 'GET' ? patiently(sending) : turns(() => patiently(sending), sending.signal));
}

/** An answer, or what went wrong on the network. Being cancelled is neither. */
async function attempted(
  once: (sending: Sending) => Promise<ExchangeResponse>,
  sending: Sending,
): Promise<{ readonly response: ExchangeResponse | undefined; readonly cause?: unknown }> {
  try {
    return { response: await once(sending) };
  } catch (cause) {
    sending.signal?.throwIfAborted();
    // A certificate that is not trusted does not become so.
    if (cause instanceof SlipwayError && cause.code === 'HTTP_TLS') throw unreachable(sending, cause, false);
    return { response: undefined, cause };
  }
}

function limited({ method, url }: Sending, response: ExchangeResponse | undefined, until: number): HostError {
  return new HostError('HOST_RATE_LIMITED', `${placeOf(method, url)}: the host takes no more requests for now`, {
    retry: 'afterBackoff',
    retryAt: until,
    hint: `it will again at ${new Date(until).toISOString()}`,
    ...(response === undefined ? {} : { status: response.status }),
  });
}

function failed(sending: Sending, response: ExchangeResponse | undefined, cause: unknown): HostError {
  if (response === undefined) return unreachable(sending, cause, !sending.repeatable);
  return new HostError('HOST_FAILED', `${placeOf(sending.method, sending.url)}: the host failed with status ${response.status}`, {
    retry: 'afterBackoff',
    status: response.status,
    uncertain: !sending.repeatable,
    hint: 'look at the status page of the host',
  });
}

function unreachable({ method, url }: Sending, cause: unknown, uncertain: boolean): HostError {
  const hint = cause instanceof SlipwayError ? cause.hint : undefined;
  return new HostError('HOST_UNREACHABLE', `${placeOf(method, url)}: ${cause instanceof Error ? cause.message : 'no answer'}`, {
    retry: 'afterBackoff',
    uncertain,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Without the query, which may hold what nobody needs to read. */
export function placeOf(method: string, url: string): string {
  const { host, pathname } = new URL(url);
  return `${method} ${host}${pathname}`;
}
