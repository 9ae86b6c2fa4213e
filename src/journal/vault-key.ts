import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Secret, SlipwayError, unreachable } from '../core/index.ts';
import { memberOf } from './errors.ts';
import { publishFile } from './files.ts';

/** Where the key of the vault comes from. It is never in the database. */
export type VaultKeySource =
  /** 32 bytes as base64 or hexadecimal text. */
  | { readonly from: 'setting'; readonly key: Secret }
  /** Absolute path of a file with 32 bytes, raw or as text. */
  | { readonly from: 'file'; readonly file: string; readonly whenMissing: 'make' | 'refuse' }
  | { readonly from: 'nowhere' };

const KEY_BYTES = 32;

/**
 * Read the key, or make the file; when two processes make it at once, the first one's is used by both.
 *
 * @throws {SlipwayError} `VAULT_KEY`, and what the file system says.
 */
export function readVaultKey(source: VaultKeySource): Buffer {
  switch (source.from) {
    case 'setting':
      return checked(Buffer.from(source.key.reveal()), 'the key of the vault');
    case 'file':
      return readKeyFile(source);
    case 'nowhere':
      throw new SlipwayError('VAULT_KEY', 'no key is set for the vault, so secrets can be neither sealed nor opened', {
        retry: 'pauseForHuman',
        hint: 'set SLIPWAY_VAULT_KEY_FILE to a file with the output of "openssl rand -base64 32", the same for every process that shares the journal',
      });
    default:
      return unreachable(source);
  }
}

function readKeyFile({ file, whenMissing }: Extract<VaultKeySource, { from: 'file' }>): Buffer {
  try {
    return checked(readFileSync(file), file);
  } catch (cause) {
    if (memberOf(cause, 'code') !== 'ENOENT') throw cause;
    if (whenMissing === 'refuse')
      throw new SlipwayError('VAULT_KEY', `there is no key of the vault at ${file}`, {
        cause,
        retry: 'pauseForHuman',
        hint: 'put the key there that the other processes of this journal use; "openssl rand -base64 32" makes the first one',
      });
  }
  publishFile(file, randomBytes(KEY_BYTES), 'keep');
  return checked(readFileSync(file), file);
}

function checked(bytes: Buffer, what: string): Buffer {
  if (bytes.length === KEY_BYTES) return bytes;
  const text = bytes.toString('latin1').trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  throw new SlipwayError('VAULT_KEY', `${what} is not a key of ${KEY_BYTES} bytes, nor that as base64 or hexadecimal text`, {
    hint: 'restore it from a backup; secrets sealed with it cannot be opened otherwise',
  });
}

/** A name of a key that does not tell the key: a journal keeps it, so that nobody seals with another one by mistake. */
export function fingerprintOf(key: Buffer): string {
  return createHmac('sha256', key).update('slipway vault').digest('hex').slice(0, 16);
}

export function otherKey(known: string, given: string): SlipwayError {
  return new SlipwayError('VAULT_KEY', `the key of the vault is ${given}…, and this journal's secrets are sealed with ${known}…`, {
    retry: 'pauseForHuman',
    hint: 'use the key that the other processes of this journal use',
  });
}
