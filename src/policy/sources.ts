import { mkdir, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type Digest, digestOf, SlipwayError } from '../core/index.ts';

/** The files of a policy folder: rules, and data they read. Tests and hidden files are left out. */
export interface Sources {
  /** What people call the folder: its last name. */
  readonly label: string;
  /** Text by path relative to the folder, sorted by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly digest: Digest;
}

/**
 * Read a folder of policies. A folder that is not there has no policies, and no policies means deny.
 *
 * @throws {SlipwayError} `POLICY_INVALID` for a link that leads out of the folder or nowhere.
 */
export async function readSources(dir: string): Promise<Sources> {
  const names = (await filesOf(dir)).filter(isSource);
  const contents = await Promise.all(names.map(async (name) => [name, await readFile(await insideOf(dir, name), 'utf8')] as const));
  return { label: basename(dir), files: new Map(contents), digest: digestOf(Object.fromEntries(contents)) };
}

/** Write what was read into a folder, so that what is compiled is what the digest is of, whatever happens to the files meanwhile. */
export async function writeSources({ files }: Sources, folder: string): Promise<void> {
  await mkdir(folder);
  for (const [name, text] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

function isSource(name: string): boolean {
  if (name.split(sep).some((part) => part.startsWith('.'))) return false;
  return (name.endsWith('.rego') && !name.endsWith('_test.rego')) || /^data\.(json|ya?ml)$/.test(basename(name));
}

async function filesOf(dir: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
      .sort();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
}

/** Where a file really is; a policy that is left out silently would be a hole. */
async function insideOf(dir: string, name: string): Promise<string> {
  const top = await realpath(dir);
  const real = await realpath(join(dir, name)).catch(() => undefined);
  if (real !== undefined && real.startsWith(top + sep) && (await stat(real)).isFile()) return real;
  throw new SlipwayError('POLICY_INVALID', `policy file ${name} is a link that leads out of the folder or nowhere`, {
    hint: 'put the file itself there',
    exitCode: 2,
  });
}
