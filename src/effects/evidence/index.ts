import { type Digest, digestOfBytes, SlipwayError } from '../../core/index.ts';
import type { EvidencePort } from '../../steps/index.ts';

/** The part of a journal that keeps evidence. */
export interface EvidenceStore {
  putEvidence(runId: string, bytes: Uint8Array): Promise<Digest>;
  evidence(digest: Digest): Promise<Uint8Array | undefined>;
}

/** Evidence of one run, kept in its journal. What comes back is checked against the digest it was asked by. */
export function createEvidence(store: EvidenceStore, runId: string): EvidencePort {
  return {
    put: async (bytes) => store.putEvidence(runId, bytes),
    get: async (digest) => {
      const bytes = await store.evidence(digest);
      if (bytes === undefined)
        throw new SlipwayError('EVIDENCE_MISSING', `there is no evidence ${digest}`, { hint: 'was it made by another run, or thrown away?' });
      if (digestOfBytes(bytes) === digest) return bytes;
      throw new SlipwayError('EVIDENCE_TAMPERED', `the evidence ${digest} is not what it was when it was kept`, { hint: 'restore the journal from a backup' });
    },
  };
}
