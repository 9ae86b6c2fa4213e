import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Digest, digestOfBytes } from '../../core/index.ts';
import { guarded, prepared, type Store, transact } from './database.ts';
import { damaged } from '../errors.ts';
import { refuseNoDigest, refuseTooLarge } from '../evidence-limits.ts';
import { publishFile, syncFolder } from '../files.ts';
import type { Journal } from '../port.ts';

const INSERT = 'INSERT OR IGNORE INTO evidence (digest, run_id, size, at) VALUES (?, ?, ?, ?)';

/** Large results as files named by their digest; whole or absent, never half. */
export function createEvidence(dir: string, store: Store): Pick<Journal<{ type: string }>, 'putEvidence' | 'evidence'> {
  const insert = prepared(store, INSERT);
  return {
    putEvidence: async (runId, bytes) => {
      refuseTooLarge(bytes);
      const digest = digestOfBytes(bytes);
      guarded(() => writeOnce(fileOf(dir, digest), bytes));
      transact(store, 'evidence', () => insert.run(digest, runId, bytes.length, store.clock.now()));
      return digest;
    },
    evidence: async (digest) => {
      const file = fileOf(dir, digest);
      if (!existsSync(file)) return undefined;
      const bytes = guarded(() => readFileSync(file));
      if (digestOfBytes(bytes) !== digest) throw damaged(`the evidence ${digest} was changed after it was written`);
      return bytes;
    },
  };
}

function fileOf(dir: string, digest: Digest): string {
  const hex = refuseNoDigest(digest);
  return join(dir, hex.slice(0, 2), hex);
}

function writeOnce(file: string, bytes: Uint8Array): void {
  if (existsSync(file)) return;
  const folder = dirname(file);
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first !== undefined) for (let made = folder; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
  publishFile(file, bytes, 'replace');
}
