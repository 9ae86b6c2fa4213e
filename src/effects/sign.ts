import { createHmac } from 'node:crypto';

export interface Signing {
  readonly id: string;
  /** Milliseconds since the epoch: of this attempt, so that a receiver can refuse old ones. */
  readonly now: number;
  readonly body: string;
  /** Keys in base64, without `whsec_`; one signature by each. */
  readonly keys: readonly string[];
}

/** Headers of a message that is signed as Standard Webhooks says. */
export function signed({ id, now, body, keys }: Signing): { readonly [name: string]: string } {
  const seconds = String(Math.floor(now / 1_000));
  const signatures = keys.map((key) => `v1,${createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${seconds}.${body}`).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') };
}
