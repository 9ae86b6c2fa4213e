import { canonicalJson, type Json, Secret, SlipwayError } from '../core/index.ts';

const MOST_NAME = 512;
/** Larger than what a webhook may send. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A name that may be a key: not empty, not too long, no control characters. @throws {SlipwayError} `STORE_NAME`. */
export function checkedName(what: string, name: string): string {
  if (name !== '' && name.length <= MOST_NAME && !/\p{Cc}/u.test(name) && name.isWellFormed()) return name;
  throw new SlipwayError('STORE_NAME', `${JSON.stringify(name.slice(0, 80))} is not a name of a ${what}`, {
    hint: `use 1 to ${MOST_NAME} characters without control characters`,
  });
}

/** The text that is stored for a value. @throws {SlipwayError} `STORE_TOO_LARGE`; {TypeError} for what is no JSON, or a secret. */
export function checkedText(value: Json): string {
  refuseSecrets(value);
  const text = canonicalJson(value);
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  throw new SlipwayError('STORE_TOO_LARGE', `a value of ${Buffer.byteLength(text)} bytes is larger than ${MOST_BYTES}`, {
    hint: 'keep it as evidence, and its digest here',
  });
}

function refuseSecrets(value: unknown): void {
  if (value instanceof Secret) throw new TypeError('a secret must not be stored; seal it in the vault and store its reference');
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) refuseSecrets(child);
}
