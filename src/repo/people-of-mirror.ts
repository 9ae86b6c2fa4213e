import { peopleOf, type Person, resolveCommit } from './commits.ts';
import type { GitContext } from './git.ts';

/** A commit of a mirror, and who wrote what led to it. */
export interface Written {
  readonly commit: string;
  readonly base?: string;
  readonly people: readonly Person[];
}
const MOST = 1_000;
const WHOLE_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** What a commit says of itself never changes, and a mirror has all that is before it: git is asked once, not by every run that starts from it. */
const known = new Map<string, Written>();

/**
 * Look a commit up in a mirror, and everybody who wrote something of it (after `base`, when there is one).
 *
 * @throws {SlipwayError} `COMMIT_NOT_FOUND`, `BAD_REVISION`, `GIT_FAILED`.
 */
export async function writtenIn(mirror: string, range: { readonly commit: string; readonly base?: string | undefined }, context: GitContext): Promise<Written> {
  const key = JSON.stringify([mirror, range.commit, range.base ?? null]);
  const isLasting = [range.commit, range.base ?? range.commit].every((each) => WHOLE_ID.test(each));
  const before = isLasting ? known.get(key) : undefined;
  if (before) return before;
  const commit = await resolveCommit(mirror, range.commit, context);
  const base = range.base === undefined ? undefined : await resolveCommit(mirror, range.base, context);
  const people = await peopleOf(mirror, { base, head: commit }, context);
  const written: Written = { commit, people, ...(base === undefined ? {} : { base }) };
  if (isLasting) remember(key, written);
  return written;
}

function remember(key: string, written: Written): void {
  known.set(key, written);
  const [oldest] = known.keys();
  if (known.size > MOST && oldest !== undefined) known.delete(oldest);
}
