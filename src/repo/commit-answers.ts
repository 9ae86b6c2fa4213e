import { mergeBase, peopleOf, type Person } from './commits.ts';
import type { GitContext } from './git.ts';
import { treeId } from './list-tree.ts';
import { remembering } from './remembering.ts';

interface Range {
  readonly base?: string;
  readonly head: string;
}
interface CommitAnswers {
  mergeBase(left: string, right: string): Promise<string | undefined>;
  people(range: Range): Promise<readonly Person[]>;
  treeId(commit: string): Promise<string>;
}

/** What follows from commits of a repository alone, asked of git once. */
export function commitAnswers(path: string, context: GitContext): CommitAnswers {
  const parted = remembering(
    (pair: readonly [string, string]) => mergeBase(path, pair, context),
    (pair) => pair,
  );
  return {
    mergeBase: (left, right) => parted([left, right]),
    people: remembering(
      (range: Range) => peopleOf(path, range, context),
      ({ base, head }) => (base === undefined ? [head] : [base, head]),
    ),
    treeId: remembering(
      (commit: string) => treeId(path, commit, context),
      (commit) => [commit],
    ),
  };
}
