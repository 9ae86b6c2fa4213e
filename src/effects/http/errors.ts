import { messageOf, SlipwayError } from '../../core/index.ts';
import type { HttpRequest } from '../../steps/index.ts';

const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|EPROTO$)/;

/** The port's error for what Node reported. The address is shown without credentials and query, which may hold secrets. */
export function errorFor({ method, url, timeoutMs }: Pick<HttpRequest, 'method' | 'url' | 'timeoutMs'>, cause: unknown): SlipwayError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const what = `${method} ${publicUrl(url)}`;
  if (code === 'ETIMEDOUT') {
    const ms = Math.max(0, Math.round(timeoutMs));
    return new SlipwayError('HTTP_TIMEOUT', `${what} had no answer within ${ms} ms`, {
      retry: 'afterBackoff',
      hint: 'is the service up, or is the timeout too short?',
      cause,
    });
  }
  if (TLS.test(code)) {
    return new SlipwayError('HTTP_TLS', `${what}: ${messageOf(cause)} (${code})`, {
      hint: 'look at the certificate, its names, its dates and who signed it',
      cause,
    });
  }
  return new SlipwayError('HTTP_UNREACHABLE', `${what}: ${messageOf(cause) || code}`, {
    retry: 'afterBackoff',
    hint: 'is the address right, and is the service up?',
    cause,
  });
}

/** Scheme, host, port and path. */
export function publicUrl(url: string): string {
  if (!URL.canParse(url)) return 'an address that cannot be read';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
