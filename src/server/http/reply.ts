import { createHash } from 'node:crypto';
import type { Json } from '../../core/index.ts';
import type { Ctx } from './env.ts';

/** An answer in JSON. */
export interface Reply {
  readonly status: 200 | 201 | 202;
  readonly body: Json;
  readonly headers?: { readonly [name: string]: string };
}

/** Send JSON. Something to read carries an ETag, and is not sent again to whoever has it. */
export function jsonReply(c: Ctx, { status, body, headers = {} }: Reply): Response {
  const text = JSON.stringify(body);
  const all = new Headers({ 'content-type': 'application/json', 'cache-control': 'private, no-cache', vary: 'Authorization, Cookie', ...headers });
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    all.set('cache-control', 'no-store');
    return new Response(text, { status, headers: all });
  }
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  all.set('etag', etag);
  return isKnown(c.req.header('if-none-match'), etag) ? new Response(null, { status: 304, headers: all }) : new Response(text, { status, headers: all });
}

function isKnown(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((each) => each.trim().replace(/^W\//, '') === etag || each.trim() === '*');
}
