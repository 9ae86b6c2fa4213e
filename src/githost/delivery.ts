import { createHash } from 'node:crypto';
import type { Delivery, HostEvent } from './event.ts';
import { headerOf, type Headers, malformed } from './signature/index.ts';

/** Put together what was verified and parsed. */
export function deliveryOf(parts: Pick<Delivery, 'host' | 'id' | 'event' | 'secretIndex'> & { readonly body: Uint8Array }): Delivery {
  const { body, ...rest } = parts;
  return { ...rest, cause: causeOf(rest.event, body), repo: 'repo' in rest.event ? rest.event.repo : undefined };
}

/** The host's id of this delivery, from a header. @throws {SlipwayError} `DELIVERY_MALFORMED`. */
export function deliveryId(headers: Headers, name: string): string {
  const id = headerOf(headers, name);
  if (id === undefined || !/^[A-Za-z0-9_.:-]{1,128}$/.test(id)) throw malformed(`the header ${name} is missing or cannot be read`);
  return id;
}

export function ignored(why: string): HostEvent {
  return { type: 'ignored', why };
}

/** A comment is written once, whatever else its copies say; for the rest the bytes themselves are the cause. */
function causeOf(event: HostEvent, body: Uint8Array): string {
  if (event.type === 'comment' && event.action === 'created') return `comment:${event.repo}:${event.number}:${event.comment.id}`;
  return `${event.type}:${createHash('sha256').update(body).digest('hex')}`;
}
