import { HostError } from '../error.ts';
import { placeOf, refusal, type Sender } from '../http/index.ts';

/** Asked for twice, these still happen once: the same status, reaction or short-lived token. */
const REPEATABLE_POSTS = /\/(?:statuses\/[0-9a-f]+|reactions|access_tokens)$/;
const MOST_BYTES = 16 * 1024 * 1024;

/** What Octokit calls in place of the global fetch: waiting, repeating and remembering happen in one place for all hosts. */
export function fetchOver(sender: Sender, base: string): typeof fetch {
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    // Octokit follows the links that an answer holds, with our token.
    if (!url.startsWith(`${base}/`)) throw new HostError('HOST_ANSWER', 'the host links to another address for the next page');
    const method = init.method ?? 'GET';
    const response = await sender({
      method,
      url,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: typeof init.body === 'string' ? init.body : undefined,
      repeatable: isRepeatable(method, new URL(url).pathname),
      maxBodyBytes: MOST_BYTES,
      signal: init.signal ?? undefined,
    });
    if (response.bodyBytes > response.body.length) throw new HostError('HOST_ANSWER', `the answer has ${response.bodyBytes} bytes`);
    // Octokit takes a redirect for an answer.
    if (response.status >= 300 && response.status < 400) throw refusal(placeOf(method, url), response);
    const empty = response.status === 204 || response.status === 205;
    return new Response(empty ? null : Buffer.from(response.body), { status: response.status, headers: response.headers });
  };
}

function isRepeatable(method: string, path: string): boolean {
  if (method === 'POST') return REPEATABLE_POSTS.test(path);
  return !/\/pulls\/\d+\/merge$/.test(path);
}
