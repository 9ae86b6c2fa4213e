import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestOf } from '../core/index.ts';

/** The files of a policy folder: rules, and data they read. Tests are left out. */
export interface Sources {
  readonly dir: string;
  /** Paths relative to the folder, sorted. */
  readonly rego: readonly string[];
  readonly data: readonly string[];
  readonly digest: Digest;
}

/** Read a folder of policies. A folder that is not there has no policies, and no policies means deny. */
export async function readSources(dir: string): Promise<Sources> {
  const names = await filesOf(dir);
  const rego = names.filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'));
  const data = names.filter((name) => /(^|\/)data\.(json|ya?ml)$/.test(name));
  const contents = await Promise.all([...rego, ...data].map(async (name) => [name, await readFile(join(dir, name), 'utf8')] as const));
  return { dir, rego, data, digest: digestOf(Object.fromEntries(contents)) };
}

async function filesOf(dir: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
      .sort();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
}
