import { SlipwayError } from '../../core/index.ts';

/** The part of fetch that signing in uses. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;
export interface FetchRules {
  /** Scheme, host and port that may be asked; what discovery names elsewhere is refused. */
  readonly origins: readonly string[];
  readonly timeoutMs: number;
}

const MOST_BYTES = 1024 * 1024;

/**
 * Fetch that asks only the hosts that the settings name: a document of the identity provider must not send us to other machines. Redirects are
 * refused, answers are bounded in size and time.
 */
export function guardedFetch(fetch: Fetch, { origins, timeoutMs }: FetchRules): Fetch {
  return async (url, options) => {
    const { origin } = new URL(url);
    if (!origins.includes(origin)) {
      throw new SlipwayError('LOGIN_HOST', `the identity provider points to ${origin}, which the settings do not name`, {
        hint: 'is it right? add its host to login.endpointHosts',
      });
    }
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
    const response = await fetch(url, { ...options, redirect: 'manual', signal });
    if (response.status >= 300 && response.status < 400)
      throw new SlipwayError('LOGIN_REDIRECT', `${origin} answers with a redirect, and those are not followed`);
    return bounded(response);
  };
}

/** Origins of an issuer and of the other hosts that are named; those speak the issuer's scheme. */
export function originsOf(issuer: string, hosts: readonly string[]): readonly string[] {
  const { origin, protocol } = new URL(issuer);
  return [origin, ...hosts.map((host) => new URL(`${protocol}//${host}`).origin)];
}

async function bounded(response: Response): Promise<Response> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > MOST_BYTES) throw new SlipwayError('LOGIN_ANSWER', `the identity provider answered with more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return new Response(parts.length === 0 ? null : Buffer.concat(parts), { status: response.status, headers: response.headers });
}
