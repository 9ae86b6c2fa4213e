import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { messageOf, SlipwayError } from '../../../core/index.ts';
import type { RawEntry } from './entries.ts';
import { readTar } from './tar.ts';
import { readZip } from './zip.ts';

export const FORMATS = ['tar', 'tar.gz', 'tar.xz', 'zip'] as const;
export type Format = (typeof FORMATS)[number];
/** Most bytes an archive may hold unpacked. */
export const MOST_UNPACKED = 512 << 20;

/** By the name, else by the first bytes. */
export function formatOf(name: string, bytes: Buffer): Format | undefined {
  const path = name.replace(/[?#].*$/, '').toLowerCase();
  if (/\.(tar\.gz|tgz)$/.test(path)) return 'tar.gz';
  if (/\.(tar\.xz|txz)$/.test(path)) return 'tar.xz';
  if (path.endsWith('.tar')) return 'tar';
  if (/\.(zip|jar|war)$/.test(path)) return 'zip';
  if (bytes.subarray(0, 2).equals(Buffer.of(0x1f, 0x8b))) return 'tar.gz';
  if (bytes.subarray(0, 6).equals(Buffer.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00))) return 'tar.xz';
  if (bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004'))) return 'zip';
  return bytes.subarray(257, 262).toString('latin1') === 'ustar' ? 'tar' : undefined;
}

/** Every member of an archive. @throws {SlipwayError} `ARCHIVE` when it cannot be read or unpacks to more than 512 MiB. */
export async function readArchive(bytes: Buffer, format: Format, most: number = MOST_UNPACKED): Promise<readonly RawEntry[]> {
  try {
    switch (format) {
      case 'tar':
        return await readTar(Readable.from([bytes]), most);
      case 'tar.gz': {
        const unpacked = createGunzip();
        const source = Readable.from([bytes]).on('error', (error) => unpacked.destroy(error));
        return await readTar(source.pipe(unpacked), most);
      }
      case 'tar.xz':
        return await readTar(await unxz(bytes), most);
      case 'zip':
        return await readZip(bytes, most);
    }
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    throw new SlipwayError('ARCHIVE', `the archive cannot be read as ${format}: ${messageOf(cause)}`, { hint: 'is it whole, and is "format" right?', cause });
  }
}

async function unxz(bytes: Buffer): Promise<Readable> {
  // Only who unpacks such an archive pays for the library. It is CommonJS: Node hands it out whole as `default`, which its types do not know.
  const { XzReadableStream } = ((await import('xz-decompress')) as unknown as { readonly default: typeof import('xz-decompress') }).default;
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  return Readable.fromWeb(new XzReadableStream(source) as import('node:stream/web').ReadableStream<Uint8Array>); // the same class under two names
}
