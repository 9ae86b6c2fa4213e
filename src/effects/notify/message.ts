import { createHash, createHmac } from 'node:crypto';
import type { Secret } from '../../core/index.ts';

/** What a channel is told. */
export interface Message {
  readonly channel: string;
  readonly title: string;
  readonly text: string;
  readonly runId: string;
}
export interface Delivery {
  readonly url: string;
  readonly body: string;
  readonly headers: { readonly [name: string]: string };
}

/**
 * What to send to the address of a channel. An address that ends in `#whsec_…` gets an event signed by that secret (Standard Webhooks); any
 * other gets the JSON that Slack and its look-alikes take.
 *
 * @param now milliseconds since the epoch.
 */
export function deliveryFor(message: Message, address: Secret, now: number): Delivery {
  const url = new URL(address.reveal());
  const secret = /^#whsec_([A-Za-z0-9+/_=-]+)$/.exec(url.hash)?.[1];
  url.hash = '';
  const type = { 'content-type': 'application/json' };
  if (secret === undefined) {
    const body = JSON.stringify({ text: `*${escapeSlack(message.title)}*\n${escapeSlack(message.text)}\n_${message.runId}_` });
    return { url: url.href, body, headers: type };
  }
  const { title, text, runId, channel } = message;
  const body = JSON.stringify({ type: 'slipway.notification', timestamp: new Date(now).toISOString(), data: { channel, runId, title, text } });
  return { url: url.href, body, headers: { ...type, ...signature(idOf(message), body, { secret, now }) } };
}

/** The same for the same message of the same run, so that a receiver can drop a repetition after a crash. */
function idOf({ channel, title, text, runId }: Message): string {
  return `msg_${createHash('sha256')
    .update(JSON.stringify([runId, channel, title, text]))
    .digest('hex')
    .slice(0, 32)}`;
}

function signature(id: string, body: string, { secret, now }: { readonly secret: string; readonly now: number }): { readonly [name: string]: string } {
  const seconds = String(Math.floor(now / 1_000));
  const mac = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${mac}` };
}

/** `<!channel>` and links must come from us only, not from data in the text. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
