import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { filesBelow } from './tree.ts';

const FOLDER = 'runbooks';

/** YAML files under runbooks/ of a checkout, relative to it, sorted. None when there is no such folder. */
export async function listRunbookFiles(root: string): Promise<readonly string[]> {
  const folder = await lstat(join(root, FOLDER)).catch(() => undefined);
  if (!folder?.isDirectory()) return [];
  const files = await filesBelow(join(root, FOLDER));
  return files.map((path) => `${FOLDER}/${path}`).filter(isRunbookFile);
}

/** Is this path, from the top folder, one that runbooks and their estate are read from? */
export function isRunbookFile(path: string): boolean {
  return path.startsWith(`${FOLDER}/`) && /\.ya?ml$/.test(path) && !path.split('/').some((part) => part.startsWith('.'));
}
