import { digestOfBytes } from '../../core/index.ts';
import { refuseTooLarge } from '../evidence-limits.ts';
import type { Journal } from '../port.ts';
import { guarded, prepared, type Store, transact } from './database.ts';
import { readEvidence, writeEvidence } from './evidence-files.ts';

const INSERT = 'INSERT OR IGNORE INTO evidence (digest, run_id, size, at) VALUES (?, ?, ?, ?)';

/** Large results as files beside the database. */
export function createEvidence(dir: string, store: Store): Pick<Journal<{ type: string }>, 'putEvidence' | 'evidence'> {
  const insert = prepared(store, INSERT);
  return {
    putEvidence: async (runId, bytes) => {
      refuseTooLarge(bytes);
      const digest = digestOfBytes(bytes);
      guarded(() => writeEvidence(dir, digest, bytes));
      transact(store, 'evidence', () => insert.run(digest, runId, bytes.length, store.clock.now()));
      // Whoever prunes removes a file that no row names; from the row on it stays, and before it may have gone.
      guarded(() => writeEvidence(dir, digest, bytes));
      return digest;
    },
    evidence: async (digest) => guarded(() => readEvidence(dir, digest)),
  };
}
