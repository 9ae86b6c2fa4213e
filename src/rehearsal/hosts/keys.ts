import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  if (!existsSync(file)) writeFileSync(file, utils.generateKeyPairSync('ed25519').private, { mode: 0o600, flag: 'wx' });
  const text = readFileSync(file, 'utf8');
  const parsed = utils.parseKey(text);
  if (parsed instanceof Error) throw parsed;
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey; // a private key file holds at least one
  return { private: text, public: `${key.type} ${key.getPublicSSH().toString('base64')}` };
}
