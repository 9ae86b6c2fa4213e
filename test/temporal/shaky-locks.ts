import { SlipwayError } from '../../src/core/index.ts';
import type { LockProof, WorkerLocks } from '../../src/engine/index.ts';

/** Locks of one run that it waits for first, and that are taken away once, right before its second effect begins. `tell` is called whenever they are asked for. */
export function shakyLocks(tell: () => void = () => undefined): WorkerLocks {
  let [asked, shown, taken] = [0, 0, 0];
  const wait = { lock: 'hosts:web', position: 1, heldBy: { runId: 'run-20261123-0000000009', holder: 'user:bo', since: 1 } };
  const proofOf = (runId: string): LockProof => ({ runId, holder: 'user:ada', digest: `sha256:${taken}` });
  return {
    areNeeded: async () => true,
    take: async (runId) => {
      asked += 1;
      tell();
      return asked <= 2 ? { state: 'waiting', wait } : { state: 'held', proof: proofOf(runId) };
    },
    prove: async ({ digest }) => {
      shown += 1;
      if (shown === 2) taken += 1;
      if (digest !== `sha256:${taken}`) throw new SlipwayError('LOCK_LOST', 'it has passed to somebody else');
    },
    release: async () => undefined,
  };
}
