import { chmod, lstat, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type Digest, digestOf, digestOfBytes } from '../core/index.ts';

/** One entry of a tree; `mode` is x for executable files, f for others, l for links. */
interface Entry {
  readonly path: string;
  readonly mode: 'f' | 'x' | 'l';
  /** Digest of the content, or where the link points. */
  readonly content: string;
}

/** Digest of every name, mode and byte below a folder. */
export async function digestOfTree(root: string): Promise<Digest> {
  const entries: Entry[] = [];
  for (const path of await filesBelow(root)) entries.push(await entryOf(root, path));
  return digestOf(entries.map(({ path, mode, content }) => [path, mode, content]));
}

/** Files and links below a folder, relative, with `/`, sorted by code unit; links are not followed. */
export async function filesBelow(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (folder: string) => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(relative(root, path).split(sep).join('/'));
    }
  };
  await walk(root);
  return found.sort();
}

/** Delete links that lead out of the tree or nowhere, so that no path inside it reads a file outside; their names. */
export async function dropEscapingLinks(root: string): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const path of await filesBelow(root)) {
    const full = join(root, path);
    if (!(await lstat(full)).isSymbolicLink()) continue;
    if (await staysInside(root, full)) continue;
    await rm(full);
    dropped.push(path);
  }
  return dropped;
}

/** Take away everybody's right to write: what was planned is what runs. */
export async function makeReadOnly(root: string): Promise<void> {
  await eachFolder(root, async (folder, files) => {
    for (const file of files) {
      const { mode } = await lstat(file);
      await chmod(file, mode & 0o555);
    }
    await chmod(folder, 0o555);
  });
}

/** Remove a tree, read-only or half made. */
export async function removeTree(root: string): Promise<void> {
  const exists = await lstat(root).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  await eachFolder(
    root,
    async () => undefined,
    async (folder) => chmod(folder, 0o755),
  );
  await rm(root, { recursive: true, force: true });
}

async function eachFolder(
  folder: string,
  after: (folder: string, files: readonly string[]) => Promise<void>,
  before?: (folder: string) => Promise<void>,
): Promise<void> {
  await before?.(folder);
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await eachFolder(join(folder, entry.name), after, before);
  await after(
    folder,
    entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name)),
  );
}

async function entryOf(root: string, path: string): Promise<Entry> {
  const full = join(root, path);
  const stats = await lstat(full);
  if (stats.isSymbolicLink()) return { path, mode: 'l', content: await readlink(full) };
  return { path, mode: (stats.mode & 0o100) === 0 ? 'f' : 'x', content: digestOfBytes(await readFile(full)) };
}

/** Judged by what the link finds, because `..` behind another link does not mean what the text says. */
async function staysInside(root: string, link: string): Promise<boolean> {
  const [top, found] = await Promise.all([realpath(root), realpath(link).catch(() => undefined)]);
  return found !== undefined && (found === top || found.startsWith(top + sep));
}
