import { createHmac, createPublicKey, verify } from 'node:crypto';
import { type Secret, SlipwayError } from '../../core/index.ts';
import { invalid, missing, stale } from './failure.ts';
import { headerOf, type Headers, malformed } from './headers.ts';
import { matching } from './hmac.ts';

/** Requests that are older, or from further in the future, are replays. */
export const TOLERANCE_MS = 5 * 60_000;
const MOST_SIGNATURES = 16;
/** What comes before the 32 bytes of an Ed25519 key in its usual envelope (RFC 8410). */
const ED25519_DER = Buffer.from('302a300506032b6570032100', 'hex');

export interface StandardKeys {
  /** `whsec_` and base64, or the bytes of the text as it is. */
  readonly secrets: readonly Secret[];
  /** `whpk_` and base64: Ed25519 keys of senders that sign with `v1a`. They count after the secrets. */
  readonly publicKeys?: readonly string[];
}
export interface StandardMessage {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly keyIndex: number;
}

/**
 * Verify a request as Standard Webhooks says (`webhook-id`, `webhook-timestamp`, `webhook-signature`), which signs the id and the time with the body.
 *
 * @param now milliseconds since the epoch.
 * @throws {SlipwayError} `SIGNATURE_MISSING`, `SIGNATURE_INVALID`, `SIGNATURE_STALE`, `DELIVERY_MALFORMED`.
 */
export function verifyStandardWebhook(
  headers: Headers,
  body: Uint8Array,
  { keys, now }: { readonly keys: StandardKeys; readonly now: number },
): StandardMessage {
  const [id, time, list] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headerOf(headers, name));
  if (id === undefined || time === undefined || list === undefined) throw missing('webhook-id, webhook-timestamp and webhook-signature headers');
  if (!/^[\x21-\x7E]{1,255}$/.test(id) || !/^\d{1,12}$/.test(time)) throw malformed('webhook-id or webhook-timestamp cannot be read');
  const claims = list.split(/ +/);
  if (claims.length > MOST_SIGNATURES) throw malformed(`webhook-signature has ${claims.length} signatures`);
  const keyIndex = keyOf(claims, signedBytes(id, time, body), keys);
  if (keyIndex < 0) throw invalid();
  // Only after the signature: whoever has no key learns nothing of our clock.
  const age = now - Number(time) * 1_000;
  if (Math.abs(age) > TOLERANCE_MS) throw stale(Math.round(age / 1_000));
  return { id, timestamp: Number(time), keyIndex };
}

/** The three headers for a message of ours. */
export function signStandardWebhook(
  message: { readonly id: string; readonly timestamp: number; readonly body: Uint8Array },
  secret: Secret,
): Record<string, string> {
  const time = String(message.timestamp);
  const mac = createHmac('sha256', keyBytes(secret))
    .update(signedBytes(message.id, time, message.body))
    .digest('base64');
  return { 'webhook-id': message.id, 'webhook-timestamp': time, 'webhook-signature': `v1,${mac}` };
}

/** Bytes of a secret. @throws {SlipwayError} `SECRET_FORMAT` when what follows `whsec_` is not base64. */
export function keyBytes(secret: Secret): Uint8Array {
  const text = secret.reveal();
  return text.startsWith('whsec_') ? decoded(text.slice(6), 'whsec_') : Buffer.from(text);
}

function keyOf(claims: readonly string[], signed: Uint8Array, { secrets, publicKeys = [] }: StandardKeys): number {
  const expected = secrets.map((secret) => createHmac('sha256', keyBytes(secret)).update(signed).digest());
  let found = -1;
  for (const claim of claims) {
    const [version, text = ''] = claim.split(',', 2);
    const bytes = Buffer.from(text, 'base64');
    if (version === 'v1' && found < 0) found = matching(expected, bytes);
    if (version === 'v1a' && found < 0) {
      const index = publicKeys.findIndex((key) => bytes.length === 64 && verify(null, signed, publicKeyOf(key), bytes));
      if (index >= 0) found = secrets.length + index;
    }
  }
  return found;
}

function publicKeyOf(text: string): ReturnType<typeof createPublicKey> {
  const bytes = decoded(text.replace(/^whpk_/, ''), 'whpk_');
  if (bytes.length !== 32) throw format('whpk_');
  return createPublicKey({ key: Buffer.concat([ED25519_DER, bytes]), format: 'der', type: 'spki' });
}

function signedBytes(id: string, time: string, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${id}.${time}.`), body]);
}

function decoded(text: string, prefix: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw format(prefix);
  return Buffer.from(text, 'base64');
}
function format(prefix: string): SlipwayError {
  return new SlipwayError('SECRET_FORMAT', `what follows ${prefix} is not a key in base64`, { hint: 'copy it again from where it was made' });
}
