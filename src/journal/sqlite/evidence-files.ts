import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Digest, digestOfBytes } from '../../core/index.ts';
import { damaged } from '../errors.ts';
import { refuseNoDigest } from '../evidence-limits.ts';
import { publishFile, syncFolder } from '../files.ts';

/** Evidence as files named by their digest, in folders by its first two digits; whole or absent, never half. */

export function writeEvidence(dir: string, digest: Digest, bytes: Uint8Array): void {
  const file = evidenceFile(dir, digest);
  if (existsSync(file)) return;
  const folder = dirname(file);
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first !== undefined) for (let made = folder; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
  publishFile(file, bytes, 'replace');
}

/** @throws {SlipwayError} `JOURNAL_CORRUPT` when it is not what it was. */
export function readEvidence(dir: string, digest: Digest): Uint8Array | undefined {
  const file = evidenceFile(dir, digest);
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  if (digestOfBytes(bytes) !== digest) throw damaged(`the evidence ${digest} was changed after it was written`);
  return bytes;
}

/** Every piece that is there, with its size; what is not named like one is none. */
export function listEvidence(dir: string): readonly { readonly digest: Digest; readonly bytes: number }[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map(({ name, parentPath }) => ({ digest: `sha256:${name}`, bytes: statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0 }) as const);
}

export function removeEvidence(dir: string, digest: Digest): void {
  rmSync(evidenceFile(dir, digest), { force: true });
}

function evidenceFile(dir: string, digest: Digest): string {
  const hex = refuseNoDigest(digest);
  return join(dir, hex.slice(0, 2), hex);
}
