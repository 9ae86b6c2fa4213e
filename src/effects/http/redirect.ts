import type { HttpRequest, HttpResponse } from '../../steps/index.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Names that must not reach another origin. */
const PRIVATE = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * The request that a redirect asks for, or undefined when the answer is none. 303, and 301 and 302 after a POST, become GET. On the way to
 * another origin every header that is secret or private stays behind, and https never becomes http.
 */
export function nextHop(request: HttpRequest, { status, headers }: Pick<HttpResponse, 'status' | 'headers'>): HttpRequest | undefined {
  const location = headers['location'];
  if (!REDIRECTS.has(status) || location === undefined || !URL.canParse(location, request.url)) return undefined;
  const from = new URL(request.url);
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:')) return undefined;
  const becomesGet = status === 303 ? request.method !== 'HEAD' : (status === 301 || status === 302) && request.method === 'POST';
  const { body: _, ...bodiless } = request;
  const kept = Object.entries(request.headers ?? {}).filter(
    ([name, value]) =>
      (to.origin === from.origin || (typeof value === 'string' && !PRIVATE.has(name.toLowerCase()))) && !(becomesGet && /^content-/i.test(name)),
  );
  return { ...(becomesGet ? { ...bodiless, method: 'GET' } : request), url: to.href, headers: Object.fromEntries(kept) };
}
