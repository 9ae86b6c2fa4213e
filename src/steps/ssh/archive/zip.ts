import type { Entry as ZipEntry, ZipFile } from 'yauzl';
import type { RawEntry } from './entries.ts';
import { tooLarge } from './tar.ts';

const UNIX = 3;
const TYPE = 0o170000;
const LINK = 0o120000;
const MOST_TARGET = 4_096;

/** Every member of a zip, in order. @throws {SlipwayError} `ARCHIVE` for more than `most` bytes; whatever the library says of a broken one. */
export async function readZip(bytes: Buffer, most: number): Promise<readonly RawEntry[]> {
  // Only who unpacks such an archive pays for the library. It is CommonJS.
  const { fromBuffer } = (await import('yauzl')).default;
  const file = await new Promise<ZipFile>((resolve, reject) =>
    fromBuffer(bytes, { lazyEntries: true, strictFileNames: true }, (error, zip) => (error ? reject(error) : resolve(zip))),
  );
  const entries: RawEntry[] = [];
  let left = most;
  for (let entry = await next(file); entry; entry = await next(file)) {
    // What it says of its size is checked by the library while it unpacks.
    left -= entry.uncompressedSize;
    if (left < 0) throw tooLarge(most);
    entries.push(await rawEntry(file, entry));
  }
  return entries;
}

function next(file: ZipFile): Promise<ZipEntry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      file.removeAllListeners();
      act();
    };
    file.once('entry', (entry: ZipEntry) => settle(() => resolve(entry)));
    file.once('end', () => settle(() => resolve(undefined)));
    file.once('error', (error: Error) => settle(() => reject(error)));
    file.readEntry();
  });
}

async function rawEntry(file: ZipFile, entry: ZipEntry): Promise<RawEntry> {
  const attributes = entry.versionMadeBy >> 8 === UNIX ? entry.externalFileAttributes >>> 16 : 0;
  const rest = { name: nameOf(entry), modified: entry.getLastModDate().getTime() };
  if (entry.fileName.endsWith('/')) return { ...rest, type: 'directory', mode: attributes & 0o777 || 0o755 };
  const content = await contentOf(file, entry);
  if ((attributes & TYPE) === LINK) return { ...rest, type: 'symlink', mode: 0o777, target: content.subarray(0, MOST_TARGET).toString('utf8') };
  return { ...rest, type: 'file', mode: attributes & 0o777 || 0o644, content };
}

/** On Unix names are UTF-8 in practice, whether the archive says so or not. */
function nameOf({ versionMadeBy, fileName, fileNameRaw }: ZipEntry): string {
  if (versionMadeBy >> 8 !== UNIX) return fileName;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(fileNameRaw);
  } catch {
    return fileName;
  }
}

function contentOf(file: ZipFile, entry: ZipEntry): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    file.openReadStream(entry, (error, stream) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => resolve(Buffer.concat(chunks)));
    }),
  );
}
