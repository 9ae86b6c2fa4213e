import { resolveCommit } from './commits.ts';
import { git, gitBlob, type GitContext } from './git.ts';

/** A file of one commit, read without a checkout. */
export type FileIn =
  { readonly found: 'file'; readonly content: Uint8Array } | { readonly found: 'none' } | { readonly found: 'tooLarge'; readonly bytes: number };

/**
 * Read one file of a commit; a folder, a link or a submodule is no file.
 *
 * @param path relative, without `..`; whoever calls has checked it.
 * @throws {SlipwayError} `BAD_REVISION`, `COMMIT_NOT_FOUND`, `NOT_A_REPOSITORY`, `GIT_FAILED`.
 */
export async function fileIn(
  repository: string,
  { revision, path, mostBytes }: { readonly revision: string; readonly path: string; readonly mostBytes: number },
  context: GitContext,
): Promise<FileIn> {
  const place = { ...context, folder: repository };
  const commit = await resolveCommit(repository, revision, context);
  const listed = await git(place, 'ls-tree', '-z', '--long', '--full-tree', '--end-of-options', commit, path);
  const [, mode = '', oid = '', size = ''] = /^(\d{6}) blob ([0-9a-f]+) +(\d+)\t/.exec(listed) ?? [];
  if (mode !== '100644' && mode !== '100755') return { found: 'none' };
  const bytes = Number(size);
  return bytes > mostBytes ? { found: 'tooLarge', bytes } : { found: 'file', content: await gitBlob(place, oid) };
}
