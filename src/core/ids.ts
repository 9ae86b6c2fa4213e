import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new run id: `run-` + UTC date + 50 random bits in Crockford's base 32, for example `run-20261123-7k2m9qz4ab`. */
export function newRunId(now: number): string {
  const date = new Date(now).toISOString().slice(0, 10).replaceAll('-', '');
  return `run-${date}-${randomText(10)}`;
}

/** The id of a run that something causes: the same for the same cause, so that a crash, or two who act at once, never start it twice. */
export function causedRunId(cause: string, at: number): string {
  const date = new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
  const bytes = createHash('sha256').update(cause).digest();
  return `run-${date}-${Array.from(bytes.subarray(0, 10), (byte) => ALPHABET[byte % 32]).join('')}`;
}

/** Random text of `length` characters of Crockford's base 32 in lower case. */
export function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % 32]).join('');
}
