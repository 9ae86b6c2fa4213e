import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Secret, SlipwayError } from '../core/index.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM: nonce, sealed text, tag. Bound to its reference, so that one sealed secret cannot be put in the place of another. */
export function sealText(text: string, key: Buffer, reference: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(reference));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** @throws {SlipwayError} `SECRET_MISSING` when nothing is stored, `SECRET_UNREADABLE` when it was changed or sealed with another key. */
export function openSealed(sealed: unknown, key: () => Buffer, reference: string): Secret {
  if (!(sealed instanceof Uint8Array))
    throw new SlipwayError('SECRET_MISSING', `there is no sealed secret "${reference}"`, {
      retry: 'pauseForHuman',
      hint: 'it may have been removed with its run',
    });
  return new Secret(decrypt(Buffer.from(sealed), key(), reference));
}

function decrypt(sealed: Buffer, key: Buffer, reference: string): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(reference));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new SlipwayError('SECRET_UNREADABLE', `the sealed secret "${reference}" cannot be opened`, {
      cause,
      retry: 'pauseForHuman',
      hint: 'was the key of the vault replaced? restore the one this journal was written with',
    });
  }
}
