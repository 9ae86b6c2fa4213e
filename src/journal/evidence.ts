import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestOfBytes, randomText } from '../core/index.ts';
import { prepared, type Store, transact } from './database.ts';
import type { Journal } from './port.ts';

const INSERT = 'INSERT OR IGNORE INTO evidence (digest, run_id, size, at) VALUES (?, ?, ?, ?)';

/** Large results as files named by their digest; whole or absent, never half. */
export function createEvidence(dir: string, store: Store): Pick<Journal<{ type: string }>, 'putEvidence' | 'evidence'> {
  const insert = prepared(store, INSERT);
  return {
    putEvidence: (runId, bytes) => {
      const digest = digestOfBytes(bytes);
      writeOnce(dir, fileOf(dir, digest), bytes);
      transact(store, 'evidence', () => insert.run(digest, runId, bytes.length, store.clock.now()));
      return digest;
    },
    evidence: (digest) => {
      const file = fileOf(dir, digest);
      return existsSync(file) ? readFileSync(file) : undefined;
    },
  };
}

function fileOf(dir: string, digest: Digest): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new TypeError(`not a digest: ${JSON.stringify(digest)}`);
  return join(dir, hex.slice(0, 2), hex);
}

function writeOnce(dir: string, file: string, bytes: Uint8Array): void {
  if (existsSync(file)) return;
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const draft = join(dir, `draft-${randomText(10)}`);
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeSync(handle, bytes);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
}
