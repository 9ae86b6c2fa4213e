import { createRecent } from '../core/index.ts';
import { FULL_ID, peopleOf, type Person, resolveCommit } from './commits.ts';
import type { GitContext } from './git.ts';

/** A commit of a mirror, and who wrote what led to it. */
export interface Written {
  readonly commit: string;
  readonly base?: string;
  readonly people: readonly Person[];
}
const MOST = 1_000;
/** What a commit says of itself never changes, and a mirror has all that is before it: git is asked once, not by every run that starts from it. */
const known = createRecent<Written>(MOST);

/**
 * Look a commit up in a mirror, and everybody who wrote something of it (after `base`, when there is one).
 *
 * @throws {SlipwayError} `COMMIT_NOT_FOUND`, `BAD_REVISION`, `GIT_FAILED`.
 */
export async function writtenIn(mirror: string, range: { readonly commit: string; readonly base?: string | undefined }, context: GitContext): Promise<Written> {
  const key = JSON.stringify([mirror, range.commit, range.base ?? null]);
  const isLasting = [range.commit, range.base ?? range.commit].every((each) => FULL_ID.test(each));
  const before = isLasting ? known.get(key) : undefined;
  if (before) return before;
  const commit = await resolveCommit(mirror, range.commit, context);
  const base = range.base === undefined ? undefined : await resolveCommit(mirror, range.base, context);
  const people = await peopleOf(mirror, { base, head: commit }, context);
  const written: Written = { commit, people, ...(base === undefined ? {} : { base }) };
  return isLasting ? known.use(key, () => written) : written;
}
