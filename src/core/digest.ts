import { createHash } from 'node:crypto';
import { canonicalJson, type Digest, type Json } from './json.ts';

/** SHA-256 over the canonical form. */
export function digestOf(value: Json): Digest {
  return digestOfBytes(canonicalJson(value));
}

/** SHA-256 over bytes, or over the UTF-8 bytes of a string. */
export function digestOfBytes(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
