import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SlipwayError } from '../core/index.ts';
import type { EventBody } from '../engine/index.ts';
import { checkoutFrom, openCheckout } from '../repo/index.ts';
import type { Session } from './types.ts';
import type { Wiring } from './wiring.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;

/**
 * Where the files of a run are on this machine: where they were when it began, or, when another machine began it, taken from the repository again
 * and compared with what was planned.
 *
 * @throws {SlipwayError} `FILES_MISSING` when nobody but the machine that began the run can have them.
 */
export async function filesOf(session: Session, wiring: Wiring, { checkout, commit }: Created): Promise<string> {
  if (existsSync(checkout)) return checkout;
  if (!commit || commit.dirty)
    throw new SlipwayError('FILES_MISSING', `the files this run uses are not on this machine: ${checkout}`, {
      retry: 'pauseForHuman',
      hint: 'it was planned with files that no commit holds; resume it on the machine that began it',
    });
  const cacheDir = join(session.stateDir, 'checkouts');
  const { signal, root: repository } = session;
  const { git, clock } = wiring;
  const at = { commit: commit.head };
  // A server works from mirrors, which have no work tree.
  const found =
    session.commit === undefined
      ? await openCheckout({ ...git, signal, repository, at, cacheDir, clock })
      : await checkoutFrom(repository, at, { cacheDir, clock, context: { ...git, signal } });
  if (found.digest === commit.tree) return found.root;
  throw new SlipwayError('FILES_DIFFER', `commit ${commit.head} holds other files here than where the run began`, {
    retry: 'pauseForHuman',
    hint: 'is this the same repository? Links that lead out of it and files that Git ignores are no part of a commit',
  });
}
