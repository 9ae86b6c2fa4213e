import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../core/index.ts';
import { invalid, missing } from './failure.ts';
import { headerOf, type Headers } from './headers.ts';

/** A header that carries the HMAC-SHA256 of the body in hexadecimal. */
export interface HexHeader {
  /** In lower case. */
  readonly name: string;
  /** `sha256=` before the digits, or nothing. */
  readonly prefix: '' | 'sha256=';
}

/**
 * Verify every one of these headers that is there, at least one, over the raw bytes. Every secret is tried, in a time that does not depend on which one fits.
 *
 * @returns which secret signed it.
 * @throws {SlipwayError} `SIGNATURE_MISSING`, `SIGNATURE_INVALID`.
 */
export function verifyHexHeaders(
  headers: Headers,
  body: Uint8Array,
  options: { readonly accepted: readonly HexHeader[]; readonly secrets: readonly Secret[] },
): number {
  const claims = options.accepted.flatMap(({ name, prefix }) => {
    const value = headerOf(headers, name);
    return value === undefined || value === prefix ? [] : [digestIn(value, prefix)];
  });
  if (claims.length === 0) throw missing(`${options.accepted.map(({ name }) => name).join(' or ')} header`);
  const expected = options.secrets.map((secret) => createHmac('sha256', secret.reveal()).update(body).digest());
  const indexes = claims.map((claim) => matching(expected, claim));
  const [first = -1] = indexes;
  if (first < 0 || indexes.some((index) => index !== first)) throw invalid();
  return first;
}

/**
 * Verify a header that carries the secret itself. Both sides are hashed with a key of the moment, so that neither content nor length shows in the time.
 *
 * @throws {SlipwayError} `SIGNATURE_MISSING`, `SIGNATURE_INVALID`.
 */
export function verifyToken(headers: Headers, name: string, secrets: readonly Secret[]): number {
  const value = headerOf(headers, name);
  if (value === undefined) throw missing(`${name} header`);
  const key = randomBytes(32);
  const hashed = (text: string) => createHmac('sha256', key).update(text).digest();
  const index = matching(
    secrets.map((secret) => hashed(secret.reveal())),
    hashed(value),
  );
  if (index < 0) throw invalid();
  return index;
}

/** Where it is among the expected ones, -1 when nowhere; looks at all of them whatever it finds. */
export function matching(expected: readonly Uint8Array[], claim: Uint8Array | undefined): number {
  let found = -1;
  for (const [index, digest] of expected.entries()) {
    const same = claim?.length === digest.length && timingSafeEqual(claim, digest);
    if (same && found < 0) found = index;
  }
  return found;
}

function digestIn(value: string, prefix: string): Uint8Array | undefined {
  const digits = value.startsWith(prefix) ? value.slice(prefix.length) : '';
  return /^[0-9a-fA-F]{64}$/.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
