import { z } from 'zod';
import { EXIT, type Json, SlipwayError } from '../core/index.ts';
import type { Store } from '../store/index.ts';

/** A runbook that must not be planned or applied, because Git does not say what is there: its last run was rolled back. */
export const Pin = z.strictObject({
  repository: z.string(),
  runbook: z.string(),
  /** The run that was rolled back. */
  run: z.string(),
  /** What it ran: a commit of the default branch that is to be undone. */
  commit: z.string(),
  since: z.number(),
  /** The pull request that brought it, as people write it: `git owner/name#7`. */
  pull: z.string(),
  /** The pull request that takes it back; absent when it could not be opened. */
  revert: z.strictObject({ number: z.number(), url: z.string() }).optional(),
  /** Why it could not. */
  conflict: z.string().optional(),
});
export type Pin = z.output<typeof Pin>;

const COLLECTION = 'pins';

/** Pin a runbook, or say more about its pin. */
export async function pin({ documents }: Store, value: Pin): Promise<void> {
  await documents.put(COLLECTION, keyOf(value), JSON.parse(JSON.stringify(value)) as Json); // what JSON.parse gives is JSON
}

export async function pinOf({ documents }: Store, repository: string, runbook: string): Promise<Pin | undefined> {
  const found = await documents.get(COLLECTION, keyOf({ repository, runbook }));
  return found && Pin.parse(found.value);
}

/** All pins, of one repository or of all. */
export async function pins({ documents }: Store, repository?: string): Promise<readonly Pin[]> {
  const found = await documents.list(COLLECTION, repository === undefined ? {} : { prefix: `${repository}/` });
  return found.map(({ value }) => Pin.parse(value));
}

/** Let a runbook go on. @returns the pin it had. */
export async function unpin(store: Store, repository: string, runbook: string): Promise<Pin | undefined> {
  const found = await pinOf(store, repository, runbook);
  await store.documents.delete(COLLECTION, keyOf({ repository, runbook }));
  return found;
}

/**
 * Nothing real is planned or applied while a pin is there. A person who works outside of a server has no name for the repository, so that every pin of
 * a runbook of that name counts.
 *
 * @throws {SlipwayError} `PINNED`.
 */
export async function refusePinned(store: Store, repository: string | undefined, runbook: string): Promise<void> {
  const found = (await pins(store, repository)).find((each) => each.runbook === runbook);
  if (!found) return;
  const way = found.revert ? `merge ${found.revert.url}` : 'revert the change in Git';
  throw new SlipwayError('PINNED', `${runbook} is pinned: ${found.run} was rolled back, and the default branch still has the change of ${found.pull}`, {
    exitCode: EXIT.locked,
    hint: `${way}; or, when Git is right as it is: slipway release -r ${runbook}`,
  });
}

function keyOf({ repository, runbook }: Pick<Pin, 'repository' | 'runbook'>): string {
  return `${repository}/${runbook}`;
}
