import { SlipwayError } from '../core/index.ts';

/** Largest piece of evidence, in bytes: what every store can keep and give back whole. */
export const MOST_EVIDENCE_BYTES = 64 * 1024 * 1024;

/** @throws {SlipwayError} `EVIDENCE_TOO_LARGE`. */
export function refuseTooLarge(bytes: Uint8Array): void {
  if (bytes.length <= MOST_EVIDENCE_BYTES) return;
  throw new SlipwayError('EVIDENCE_TOO_LARGE', `evidence of ${bytes.length} bytes is larger than ${MOST_EVIDENCE_BYTES}`, {
    hint: 'keep it where large files are kept, and its digest here',
  });
}

/** The 64 hexadecimal digits of a digest. @throws {TypeError} for anything else: it may become part of a path. */
export function refuseNoDigest(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new TypeError(`not a digest: ${JSON.stringify(digest)}`);
  return hex;
}
