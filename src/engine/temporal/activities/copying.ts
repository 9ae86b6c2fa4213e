import type { WorkerHands } from '../../remote.ts';
import type { Work } from '../contract.ts';
import { copyEvents } from './books.ts';

/** So long, in milliseconds, a step that is over waits for the events that it took along; after that they are sent again, which changes nothing. */
const GRACE_MS = 200;

interface Arrived {
  readonly copied?: true;
}

/**
 * Copy the events that came with a step, while the step goes on. A journal that is away, or refuses, keeps no step from going on: the run sends the events again by
 * themselves, and hears then why they do not arrive.
 *
 * @returns asks whether they have arrived.
 */
export function startCopying(hands: WorkerHands, { runId, copy }: Work): () => Promise<Arrived> {
  if (!copy) return async () => NOT_COPIED;
  let outcome: Arrived | undefined;
  const copying = copyEvents(hands, runId, copy).then(
    () => (outcome = { copied: true }),
    () => (outcome = NOT_COPIED),
  );
  return async () => outcome ?? (await within(hands, copying));
}

const NOT_COPIED: Arrived = {};

async function within({ clock }: WorkerHands, copying: Promise<Arrived>): Promise<Arrived> {
  const over = new AbortController();
  const late = clock.sleep(GRACE_MS, over.signal).then(
    () => NOT_COPIED,
    () => NOT_COPIED,
  );
  try {
    return await Promise.race([copying, late]);
  } finally {
    over.abort();
  }
}
