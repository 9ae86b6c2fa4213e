import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ParsedKey, utils as Utils } from 'ssh2';

export interface KeyPair {
  /** OpenSSH text. */
  readonly private: string;
  /** `ssh-ed25519 AAAA…` */
  readonly public: string;
}

/** The key pair in a file of this world, made when missing, so that a resumed rehearsal is known by the same key. */
export function keptKey(dir: string, name: string, utils: typeof Utils): KeyPair {
  const file = join(dir, name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, newKey(utils).private, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const pair = pairOf(readFileSync(file, 'utf8'), utils);
  if (pair instanceof Error) throw pair;
  return pair;
}

/** A new Ed25519 key pair. ssh2 1.17 now and then makes one that it cannot read itself; such a one is thrown away. */
export function newKey(utils: typeof Utils): KeyPair {
  for (;;) {
    const pair = pairOf(utils.generateKeyPairSync('ed25519').private, utils);
    if (!(pair instanceof Error)) return pair;
  }
}

function pairOf(text: string, utils: typeof Utils): KeyPair | Error {
  const parsed = utils.parseKey(text);
  if (parsed instanceof Error) return parsed;
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey; // a private key file holds at least one
  return { private: text, public: `${key.type} ${key.getPublicSSH().toString('base64')}` };
}
