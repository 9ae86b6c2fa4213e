import { readFile, stat } from 'node:fs/promises';
import { type KnownHosts, readKnownHosts } from './known-hosts.ts';

/** Reads files that thousands of hosts share: again only when they have changed. Each gives undefined for a file that does not exist. */
export interface FileReader {
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly readKnownHosts: (path: string) => Promise<KnownHosts | undefined>;
}

export function createFileReader(): FileReader {
  return { readText: cached((text) => text), readKnownHosts: cached(readKnownHosts) };
}

function cached<T>(read: (text: string, path: string) => T): (path: string) => Promise<T | undefined> {
  const known = new Map<string, { readonly version: string; readonly value: Promise<T> }>();
  return async (path) => {
    const version = await versionOf(path);
    if (version === undefined) return undefined;
    const present = known.get(path);
    if (present?.version === version) return present.value;
    const value = readFile(path, 'utf8').then((text) => read(text, path));
    known.set(path, { version, value });
    value.catch(() => known.delete(path));
    return value;
  };
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
