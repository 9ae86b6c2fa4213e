import { SlipwayError } from '../core/index.ts';
import type { Attempted, HttpPort, HttpRequest, HttpResponse } from '../steps/index.ts';

const TIMEOUT_MS = 10_000;
/** Of an answer; nobody reads more of it. */
const MOST_BYTES = 4_096;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Post a text once, and say how it went. Redirects are not followed: the address that was checked is the one that is told. */
export async function post(http: HttpPort, request: Pick<HttpRequest, 'url' | 'body' | 'headers'>, signal: AbortSignal): Promise<Attempted> {
  try {
    const response = await http.request({ method: 'POST', ...request, timeoutMs: TIMEOUT_MS, maxBodyBytes: MOST_BYTES, followRedirects: false }, signal);
    return answered(response);
  } catch (cause) {
    signal.throwIfAborted();
    // The failure of a connection names the address, so only its code is passed on.
    const code = cause instanceof SlipwayError ? cause.code : 'UNREACHABLE';
    return { ok: false, code, message: `cannot be reached (${code})`, isFinal: false };
  }
}

function answered({ status, headers }: HttpResponse): Attempted {
  if (status >= 200 && status < 300) return { ok: true, status };
  const isFinal = status < 500 && status !== 408 && status !== 425 && status !== 429;
  const retryAfter = Number(headers['retry-after']);
  const wait = !isFinal && retryAfter > 0 ? { retryAfterMs: Math.min(LONGEST_RETRY_AFTER_MS, retryAfter * 1_000) } : {};
  return { ok: false, status, code: 'REJECTED', message: `answered ${status}`, isFinal, ...wait };
}
