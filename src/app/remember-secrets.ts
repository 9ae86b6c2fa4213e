import { isArray, isObject, type Json, type Masker, type Secret } from '../core/index.ts';
import type { RunJournal } from './wiring.ts';

/**
 * Tell the masker every secret a run has been given or has made so far. A process that takes a run over would else know only those
 * that its own steps use, and a machine may print what an earlier step left there.
 */
export async function rememberSecrets(journal: RunJournal, masker: Masker, runId: string): Promise<void> {
  const stored = await journal.read(runId);
  const events = stored.map(({ body }) => body as never as Json); // a stored event is JSON
  for (const reference of new Set(events.flatMap((body) => [...referencesIn(body)]))) {
    const secret = await openedOrNot(journal, reference);
    if (secret) masker.add(secret);
  }
}

/** A secret that cannot be opened is told when a step needs it. */
async function openedOrNot(journal: RunJournal, reference: string): Promise<Secret | undefined> {
  try {
    return await journal.unseal(reference);
  } catch {
    return undefined;
  }
}

function* referencesIn(value: Json): Generator<string> {
  if (isArray(value)) {
    for (const child of value) yield* referencesIn(child);
  } else if (isObject(value)) {
    if (typeof value['$secret'] === 'string') yield value['$secret'];
    for (const child of Object.values(value)) yield* referencesIn(child);
  }
}
