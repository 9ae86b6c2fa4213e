import { EXIT, SlipwayError } from '../core/index.ts';
import { resolveCommit } from './commits.ts';
import { git, type GitContext } from './git.ts';
import { gitRemote, type RemoteAccess } from './remote.ts';

export interface RevertRequest {
  /** What is undone: a commit, or a merge with all that it brought into its first parent. */
  readonly undo: string;
  /** Where it goes back to; the first parent of `undo` unless told. */
  readonly before?: string;
  /** Where the branch stands that is to have it undone. */
  readonly onto: string;
  readonly message: string;
  /** The same moment gives the same commit, so that a crash makes no second one. Milliseconds since the epoch. */
  readonly author: { readonly name: string; readonly email: string; readonly at: number };
}

/**
 * Write a commit that undoes another one, in a bare repository and without a work tree.
 *
 * @returns its id.
 * @throws {SlipwayError} `REVERT_CONFLICT` when later changes stand in the way, `REVERT_NOTHING` when it is undone already, `GIT_TOO_OLD` before 2.38,
 * `COMMIT_NOT_FOUND`.
 */
export async function writeRevert(repository: string, request: RevertRequest, context: GitContext): Promise<string> {
  const { undo, onto, message, author } = request;
  const place = { ...context, folder: repository, identity: author };
  const [undone, base] = [await resolveCommit(repository, undo, context), await resolveCommit(repository, onto, context)];
  const before = await resolveCommit(repository, request.before ?? `${undone}^1`, context);
  // As if somebody had gone back right after it: merging that into the branch is the undoing.
  const back = (await git(place, 'commit-tree', `${before}^{tree}`, '-p', undone, '-m', 'back')).trim();
  const tree = await merged(place, base, back);
  const now = (await git(place, 'rev-parse', '--verify', `${base}^{tree}`)).trim();
  if (tree === now) throw new SlipwayError('REVERT_NOTHING', `${undone} is undone in ${base} already`);
  return (await git(place, 'commit-tree', tree, '-p', base, '-m', message)).trim();
}

/**
 * Make a branch of another repository point at a commit that is here, unless it points elsewhere than expected. Safe to repeat.
 *
 * @param expected where the branch may point now; undefined when it must not be there.
 * @throws {SlipwayError} `PUSH_REFUSED`, `BAD_REVISION`, and those of `gitRemote`.
 */
export async function pushBranch(
  repository: string,
  { branch, commit, expected }: { readonly branch: string; readonly commit: string; readonly expected?: string },
  { access, context }: { readonly access: RemoteAccess; readonly context: GitContext },
): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const place = { ...context, folder: repository };
  const sha = await resolveCommit(repository, commit, context);
  const named = await git(place, 'check-ref-format', '--branch', branch).catch(() => '');
  if (branch === '' || named.trim() !== branch)
    throw new SlipwayError('BAD_REVISION', `${JSON.stringify(branch)} cannot name a branch`, { exitCode: EXIT.usage });
  const there = /^([0-9a-f]+)\t/.exec(await gitRemote(access, place, 'ls-remote', '--refs', access.url, ref))?.[1];
  if (there === sha) return;
  try {
    await gitRemote(access, place, 'push', '--porcelain', '--no-verify', `--force-with-lease=${ref}:${expected ?? ''}`, access.url, `${sha}:${ref}`);
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code !== 'GIT_FAILED') throw cause;
    throw new SlipwayError('PUSH_REFUSED', `the host does not take the branch "${branch}"`, { hint: 'somebody else moved it, or a rule protects it', cause });
  }
}

async function merged(place: Parameters<typeof git>[0], ours: string, theirs: string): Promise<string> {
  const text = await git(place, 'merge-tree', '--write-tree', '--no-messages', ours, theirs).catch((cause: unknown) => {
    throw new SlipwayError('GIT_TOO_OLD', 'git cannot merge without a work tree', { hint: 'install git 2.38 or later', cause });
  });
  // After the tree come the files that conflict; git says so with an exit code too, but without a word of error.
  if (/^[0-9a-f]+\n?$/.test(text)) return text.trim();
  throw new SlipwayError('REVERT_CONFLICT', 'later changes stand in the way of undoing it', { hint: 'revert it by hand' });
}
