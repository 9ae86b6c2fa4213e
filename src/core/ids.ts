import { createHash, randomBytes } from 'node:crypto';

/** Patterns identifiers must match before they touch a path, an argument list or a key. */
export const PATTERN = {
  /** Runbooks, phases, steps, inventories: `erp-to-cloud`, `setWeight10`. */
  id: /^[a-zA-Z][a-zA-Z0-9-]{0,62}$/,
  host: /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,252}[a-zA-Z0-9])?$/,
  /** Pulumi's own rule. */
  stackName: /^[A-Za-z0-9_.-]{1,100}$/,
  /** `<program>/<name>`: the folder under stacks/, and the Pulumi stack. */
  stack: /^[a-z0-9][a-z0-9-]{0,62}\/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$/,
  run: /^run-[0-9]{8}-[0-9a-hjkmnp-tv-z]{10}$/,
  /** A name the environment of a process can carry. */
  env: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
} as const;

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
