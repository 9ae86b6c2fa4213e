import { EXIT, SlipwayError } from '../core/index.ts';
import { git, type GitContext } from './git.ts';

/** Somebody who wrote or committed a change. */
export interface Person {
  readonly name: string;
  readonly email: string;
}
export interface ChangedFile {
  readonly path: string;
  readonly change: 'added' | 'modified' | 'deleted' | 'renamed';
  /** Of a renamed file: the name it had. */
  readonly previousPath?: string;
}

/** Branches, tags, `HEAD~2`, full and short commit ids; nothing that git could take for an option, a range or a path. */
const REVISION = /^(?![-.])(?!.*(?:\.\.|@\{|\/\/))[A-Za-z0-9][A-Za-z0-9._/~^+-]{0,199}$/;
/** Id of a commit as git writes it out, with SHA-1 or SHA-256. */
export const FULL_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Absolute path of the top folder of the repository that holds `folder`. @throws {SlipwayError} `NOT_A_REPOSITORY`, `GIT_MISSING`. */
export async function topFolder(folder: string, context: GitContext): Promise<string> {
  const top = await git({ ...context, folder }, 'rev-parse', '--show-toplevel');
  if (top.trim() !== '') return top.replace(/\n$/, '');
  throw new SlipwayError('NOT_A_REPOSITORY', 'this is a bare repository', { hint: 'run in a clone with a work tree', exitCode: EXIT.usage });
}

/**
 * Full id of a commit.
 *
 * @throws {SlipwayError} `BAD_REVISION` when the text cannot name one, `COMMIT_NOT_FOUND`.
 */
export async function resolveCommit(repository: string, revision: string, context: GitContext): Promise<string> {
  if (!REVISION.test(revision)) {
    throw new SlipwayError('BAD_REVISION', `"${revision}" is not the name of a commit`, { hint: 'use a commit id, a branch or a tag', exitCode: EXIT.usage });
  }
  try {
    const commit = (await git({ ...context, folder: repository }, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`)).trim();
    if (FULL_ID.test(commit)) return commit;
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code !== 'GIT_FAILED') throw cause;
    throw notFound(revision, cause);
  }
  throw notFound(revision);
}

/** When a commit was made, milliseconds since the epoch. @throws {SlipwayError} `COMMIT_NOT_FOUND`, `BAD_REVISION`, `GIT_FAILED`. */
export async function commitTime(repository: string, revision: string, context: GitContext): Promise<number> {
  const commit = await resolveCommit(repository, revision, context);
  const text = await git({ ...context, folder: repository }, 'log', '-1', '--no-show-signature', '--format=%ct', commit);
  return Number(text.trim()) * 1_000;
}

/** The commit where two lines of history parted; undefined when they have nothing in common. */
export async function mergeBase(repository: string, [left, right]: readonly [string, string], context: GitContext): Promise<string | undefined> {
  const [a, b] = [await resolveCommit(repository, left, context), await resolveCommit(repository, right, context)];
  try {
    const base = (await git({ ...context, folder: repository }, 'merge-base', a, b)).trim();
    return FULL_ID.test(base) ? base : undefined;
  } catch (cause) {
    // git says "no" with exit code 1 and no text; every other failure has text.
    if (cause instanceof SlipwayError && cause.code === 'GIT_FAILED') return undefined;
    throw cause;
  }
}

/** Files that differ between where the two parted and `head`, sorted. Unless `renames` is asked for, a rename is a deletion and an addition. */
export async function changedFiles(
  repository: string,
  range: { readonly base: string; readonly head: string; readonly renames?: boolean },
  context: GitContext,
): Promise<readonly ChangedFile[]> {
  const base = (await mergeBase(repository, [range.base, range.head], context)) ?? (await resolveCommit(repository, range.base, context));
  const head = await resolveCommit(repository, range.head, context);
  // Every pair is looked at, so that nobody hides a rename behind many others.
  const renames = range.renames === true ? ['--find-renames', '-l0'] : ['--no-renames'];
  const text = await git(
    { ...context, folder: repository },
    'diff-tree',
    '-r',
    '-z',
    ...renames,
    '--no-ext-diff',
    '--no-textconv',
    '--name-status',
    base,
    head,
  );
  return changesIn(text.split('\0').filter((field) => field !== '')).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** git writes a letter and a path, and for a rename `R<likeness>` and both paths. */
function changesIn(fields: readonly string[]): ChangedFile[] {
  const changes: ChangedFile[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [letter = '', path = '', renamed = ''] = fields.slice(index, index + 3);
    if (letter.startsWith('R')) {
      changes.push({ path: renamed, change: 'renamed', previousPath: path });
      index += 1;
    } else changes.push({ path, change: letter === 'A' ? 'added' : letter === 'D' ? 'deleted' : 'modified' });
  }
  return changes;
}

/** Everybody who wrote or committed something after `base` up to `head`; without a base, of `head` and of all that it merged. Sorted by e-mail, each once. */
export async function peopleOf(
  repository: string,
  range: { readonly base?: string | undefined; readonly head: string },
  context: GitContext,
): Promise<readonly Person[]> {
  // Whoever merges a change is not the one who wrote it.
  const scope = range.base === undefined || range.base === range.head ? await mergedBy(repository, range.head, context) : [`${range.base}..${range.head}`];
  const text = await git({ ...context, folder: repository }, 'log', '-z', '--no-show-signature', '--format=%an%x01%ae%x01%cn%x01%ce', ...scope);
  const people = new Map<string, Person>();
  for (const line of text.split('\0').filter((each) => each !== '')) {
    const [author = '', authorEmail = '', committer = '', committerEmail = ''] = line.split('\x01');
    people.set(`${authorEmail}\0${author}`, { name: author, email: authorEmail });
    people.set(`${committerEmail}\0${committer}`, { name: committer, email: committerEmail });
  }
  return [...people.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, person]) => person);
}

/** What a commit brought into its first parent, itself included. */
async function mergedBy(repository: string, head: string, context: GitContext): Promise<readonly string[]> {
  const parents = await git({ ...context, folder: repository }, 'rev-list', '--no-walk', '--parents', '--end-of-options', head);
  const [, first] = parents.trim().split(' ');
  return first === undefined ? ['-1', head] : [`${first}..${head}`];
}

function notFound(revision: string, cause?: unknown): SlipwayError {
  const head = revision === 'HEAD';
  return new SlipwayError(head ? 'NO_COMMIT' : 'COMMIT_NOT_FOUND', head ? 'the repository has no commit yet' : `there is no commit "${revision}"`, {
    hint: head ? 'commit your runbooks: git add . && git commit' : 'fetch it first: git fetch --all',
    exitCode: EXIT.notFound,
    ...(cause === undefined ? {} : { cause }),
  });
}
