import { readFile, stat } from 'node:fs/promises';

/**
 * Reads small text files: keys and lists of known hosts. Thousands of hosts share them, so a file is read again only when it has changed.
 *
 * @returns undefined for a file that does not exist.
 */
export function createFileReader(): (path: string) => Promise<string | undefined> {
  const known = new Map<string, { readonly version: string; readonly text: Promise<string> }>();
  return async (path) => {
    const version = await versionOf(path);
    if (version === undefined) return undefined;
    const present = known.get(path);
    if (present?.version === version) return present.text;
    const text = readFile(path, 'utf8');
    known.set(path, { version, text });
    text.catch(() => known.delete(path));
    return text;
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
