import { resolveCommit } from './commits.ts';
import { git, type GitContext } from './git.ts';

/** A file as a commit names it. */
export interface TreeFile {
  /** Of its bytes: in one repository, the same id is the same content. */
  readonly oid: string;
  readonly mode: 'file' | 'executable' | 'link';
}

const MODES: { readonly [mode: string]: TreeFile['mode'] } = { 100644: 'file', 100755: 'executable', 120000: 'link' };

/** Every file and link of a commit by its path; submodules are left out. Nothing is read. */
export async function listTree(repository: string, commit: string, context: GitContext): Promise<ReadonlyMap<string, TreeFile>> {
  const sha = await resolveCommit(repository, commit, context);
  const text = await git({ ...context, folder: repository }, 'ls-tree', '-r', '-z', '--full-tree', '--end-of-options', sha);
  const found = new Map<string, TreeFile>();
  for (const line of text.split('\0')) {
    const [, mode = '', oid = '', path = ''] = /^(\d{6}) blob ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
    const known = MODES[mode];
    if (known !== undefined) found.set(path, { oid, mode: known });
  }
  return found;
}

/** Id of all files of a commit together: two commits with the same one hold the same. */
export async function treeId(repository: string, commit: string, context: GitContext): Promise<string> {
  const sha = await resolveCommit(repository, commit, context);
  return (await git({ ...context, folder: repository }, 'rev-parse', '--verify', '--end-of-options', `${sha}^{tree}`)).trim();
}
