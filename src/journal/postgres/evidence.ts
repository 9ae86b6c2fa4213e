import { digestOfBytes } from '../../core/index.ts';
import { damaged } from '../errors.ts';
import { refuseNoDigest, refuseTooLarge } from '../evidence-limits.ts';
import type { Journal } from '../port.ts';
import { type Database, query, transact } from './database.ts';

const INSERT = 'INSERT INTO evidence (digest, size, at, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING';
const INSERT_RUN = 'INSERT INTO evidence_runs (digest, run_id, at) VALUES ($1, $2, $3) ON CONFLICT (digest, run_id) DO NOTHING';
const SELECT = 'SELECT bytes FROM evidence WHERE digest = $1';

/** Large results in the database, named by their digest. */
export function createEvidence(database: Database): Pick<Journal<{ type: string }>, 'putEvidence' | 'evidence'> {
  return {
    putEvidence: async (runId, bytes) => {
      refuseTooLarge(bytes);
      const digest = digestOfBytes(bytes);
      await transact(database, 'evidence', {
        work: async (ask) => {
          const now = database.clock.now();
          await ask(INSERT, [digest, bytes.length, now, Buffer.from(bytes)]);
          await ask(INSERT_RUN, [digest, runId, now]);
        },
        wasKept: async () => false, // made again, it changes nothing
      });
      return digest;
    },
    evidence: async (digest) => {
      refuseNoDigest(digest);
      const [row] = await query(database, SELECT, [digest]);
      const bytes = row?.['bytes'];
      if (!(bytes instanceof Uint8Array)) return undefined;
      if (digestOfBytes(bytes) !== digest) throw damaged(`the evidence ${digest} was changed after it was written`);
      return bytes;
    },
  };
}
