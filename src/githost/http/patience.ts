import type { ExchangeResponse } from './exchange.ts';

/** What to do after one try. */
export type Next =
  { readonly do: 'take' } | { readonly do: 'again'; readonly afterMs: number } | { readonly do: 'limited'; readonly until: number } | { readonly do: 'giveUp' };

export interface Try {
  /** Undefined when there was no answer. */
  readonly response: ExchangeResponse | undefined;
  /** Tries so far, this one included. */
  readonly attempt: number;
  /** May it be sent twice? */
  readonly repeatable: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** From 0 to 1: spreads those who wait for the same moment. */
  readonly chance: number;
}

const MOST_TRIES = 4;
/** A worker does not sleep longer over one request; it comes back later instead. */
const MOST_WAIT_MS = 20_000;
const FIRST_WAIT_MS = 500;
/** GitHub's advice for a limit that does not say how long it holds. */
const SILENT_LIMIT_MS = 60_000;
const PASSING = new Set([500, 502, 503, 504]);

/**
 * Decide after a try. A host that says it is busy has done nothing, so that even what must not be repeated is sent again; where an
 * answer is lost or broken, only what may be repeated is.
 */
export function nextAfter({ response, attempt, repeatable, now, chance }: Try): Next {
  if (response !== undefined && isLimited(response)) {
    const until = limitedUntil(response, now);
    const afterMs = until - now + chance * FIRST_WAIT_MS;
    return attempt < MOST_TRIES && afterMs <= MOST_WAIT_MS ? { do: 'again', afterMs } : { do: 'limited', until };
  }
  if (response !== undefined && !PASSING.has(response.status)) return { do: 'take' };
  if (!repeatable || attempt >= MOST_TRIES) return { do: 'giveUp' };
  const backoff = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + chance);
  return { do: 'again', afterMs: Math.min(MOST_WAIT_MS, Math.max(backoff, retryAfterMs(response, now) ?? 0)) };
}

/** 429, or GitHub's 403: of its hourly limit, or of the secondary one against bursts. */
export function isLimited({ status, headers, body }: ExchangeResponse): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined || /secondary rate limit|abuse detection/i.test(start(body));
}

function limitedUntil(response: ExchangeResponse, now: number): number {
  const asked = retryAfterMs(response, now);
  if (asked !== undefined) return now + asked;
  const reset = Number(response.headers['x-ratelimit-reset'] ?? response.headers['ratelimit-reset']);
  const spent = response.headers['x-ratelimit-remaining'] === '0' || response.headers['ratelimit-remaining'] === '0';
  if (spent && Number.isFinite(reset) && reset > 0) return Math.max(now, reset * 1_000) + 1_000;
  return now + SILENT_LIMIT_MS;
}

/** Seconds, or a date. */
function retryAfterMs(response: ExchangeResponse | undefined, now: number): number | undefined {
  const text = response?.headers['retry-after'];
  if (text === undefined) return undefined;
  const ms = /^\d{1,7}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function start(body: Uint8Array): string {
  return Buffer.from(body.subarray(0, 2_048)).toString();
}
