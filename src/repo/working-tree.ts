import { constants } from 'node:fs';
import { copyFile, cp, lstat, mkdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { SlipwayError } from '../core/index.ts';
import { git, type GitContext } from './git.ts';

const MOST_FILES = 50_000;

/** Does the work tree hold anything that its commit does not? Untracked files count unless they are ignored, are our own state, or are among `aside` (absolute paths). */
export async function isDirty(repository: string, context: GitContext, aside: readonly string[] = []): Promise<boolean> {
  const place = { ...context, folder: repository, config: await silencedFilters(repository, context) };
  const excluded = aside.flatMap((path) => (isBelow(path, [repository]) ? [`:(top,exclude,literal)${relative(repository, path)}`] : []));
  const where = ['--', '.', ':(top,exclude).slipway', ...excluded];
  return (await git(place, 'status', '--porcelain', '-z', '--untracked-files=all', '--ignore-submodules=all', ...where)) !== '';
}

/**
 * Copy tracked and untracked, not ignored files as they are now.
 *
 * @param except absolute folders that are left out, such as our own cache.
 * @throws {SlipwayError} `TREE_TOO_LARGE` over 50,000 files.
 */
export async function copyWorkingTree(
  repository: string,
  target: string,
  { except, context }: { readonly except: readonly string[]; readonly context: GitContext },
): Promise<void> {
  const listed = await git({ ...context, folder: repository }, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  const paths = [...new Set(listed.split('\0'))].filter((path) => path !== '' && !isBelow(join(repository, path), except));
  if (paths.length > MOST_FILES) {
    throw new SlipwayError('TREE_TOO_LARGE', `the work tree has ${paths.length} files, and ${MOST_FILES} is the most`, {
      hint: 'add what does not belong there to .gitignore, or plan a commit',
    });
  }
  for (const path of paths) await copyEntry(join(repository, path), join(target, path));
}

async function copyEntry(from: string, to: string): Promise<void> {
  // Deleted but still tracked: it is not part of the work tree. A folder here is a submodule or a nested repository.
  const stats = await lstat(from).catch(() => undefined);
  if (!stats || stats.isDirectory()) return;
  await mkdir(dirname(to), { recursive: true });
  if (stats.isSymbolicLink()) await cp(from, to, { verbatimSymlinks: true });
  else if (stats.isFile()) await copyFile(from, to, constants.COPYFILE_FICLONE);
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const inside = relative(folder, path);
    return inside === '' || (!inside.startsWith(`..${sep}`) && inside !== '..' && !isAbsolute(inside));
  });
}

/** Settings that keep `git status` from running the repository's own filters (LFS and the like). */
async function silencedFilters(repository: string, context: GitContext): Promise<readonly string[]> {
  const listed = await git({ ...context, folder: repository }, 'config', '--local', '--includes', '-z', '--name-only', '--list');
  const filters = listed.split('\0').filter((name) => /^filter\..+\.(clean|smudge|process|required)$/.test(name));
  return filters.map((name) => (name.endsWith('.required') ? `${name}=false` : `${name}=`));
}
