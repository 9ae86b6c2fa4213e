import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { randomText, Secret, SlipwayError } from '../../core/index.ts';
import { guarded, prepared, type Store, transact } from './database.ts';
import { publishFile } from '../files.ts';
import type { Journal } from '../port.ts';

const INSERT = 'INSERT INTO secrets (id, run_id, sealed) VALUES (?, ?, ?)';
const SELECT = 'SELECT run_id, sealed FROM secrets WHERE id = ?';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Secrets at rest: AES-256-GCM with a key beside the database, bound to run and reference. */
export function openVault(keyFile: string, store: Store): Pick<Journal<{ type: string }>, 'seal' | 'unseal'> {
  const insert = prepared(store, INSERT);
  const select = prepared(store, SELECT);
  let known: Buffer | undefined;
  const key = (): Buffer => (known ??= guarded(() => readKey(keyFile)));
  return {
    seal: async (runId, secret) => {
      const id = `${runId}:${randomText(16)}`;
      const sealed = encrypt(secret.reveal(), key(), id);
      transact(store, 'seal', () => insert.run(id, runId, sealed));
      return id;
    },
    unseal: async (reference) => {
      const sealed = select.get(reference)?.['sealed'];
      if (!(sealed instanceof Uint8Array))
        throw new SlipwayError('SECRET_MISSING', `there is no sealed secret "${reference}"`, {
          retry: 'pauseForHuman',
          hint: 'it may have been removed with its run',
        });
      return new Secret(decrypt(Buffer.from(sealed), key(), reference));
    },
  };
}

function encrypt(text: string, key: Buffer, id: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(sealed: Buffer, key: Buffer, id: string): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(id));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new SlipwayError('SECRET_UNREADABLE', `the sealed secret "${id}" cannot be opened`, {
      cause,
      retry: 'pauseForHuman',
      hint: 'was vault.key replaced? restore the one this journal was written with',
    });
  }
}

/** Read the key, or make it; when two processes make it at once, the first one's is used by both. */
function readKey(file: string): Buffer {
  try {
    return checked(readFileSync(file), file);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
  }
  publishFile(file, randomBytes(KEY_BYTES), 'keep');
  return checked(readFileSync(file), file);
}

function checked(key: Buffer, file: string): Buffer {
  if (key.length === KEY_BYTES) return key;
  throw new SlipwayError('VAULT_KEY', `${file} is not a key of ${KEY_BYTES} bytes`, {
    hint: 'restore it from a backup; secrets sealed with it cannot be opened otherwise',
  });
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
