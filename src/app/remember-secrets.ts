import type { Json, Masker, Secret } from '../core/index.ts';
import { referencesOfSealed } from '../expr/index.ts';
import type { RunJournal } from './wiring.ts';

/**
 * Tell the masker every secret a run has been given or has made so far. A process that takes a run over would else know only those
 * that its own steps use, and a machine may print what an earlier step left there.
 */
export async function rememberSecrets(journal: RunJournal, masker: Masker, runId: string): Promise<void> {
  await createMemory(journal, masker, runId).refresh([]);
}

/** Secrets of a run that goes on, also in other processes. */
export interface SecretMemory {
  /** Learn what has come since the last time, and these references, which may not be in the journal yet. */
  refresh(references: readonly string[]): Promise<void>;
}

export function createMemory(journal: RunJournal, masker: Masker, runId: string): SecretMemory {
  const known = new Set<string>();
  let seq = 0;
  return {
    refresh: async (references) => {
      const stored = await journal.read(runId, seq);
      const events = stored.map(({ body }) => body as never as Json); // a stored event is JSON
      const found = [...references, ...events.flatMap((body) => referencesOfSealed(body))];
      for (const reference of new Set(found)) {
        if (known.has(reference)) continue;
        const secret = await openedOrNot(journal, reference);
        if (!secret) continue;
        masker.add(secret);
        known.add(reference);
      }
      seq = Math.max(seq, stored.at(-1)?.seq ?? 0);
    },
  };
}

/** A secret that cannot be opened is told when a step needs it. */
async function openedOrNot(journal: RunJournal, reference: string): Promise<Secret | undefined> {
  try {
    return await journal.unseal(reference);
  } catch {
    return undefined;
  }
}
