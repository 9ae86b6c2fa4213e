import type { Readable } from 'node:stream';
import { extract, type Header, pack } from 'tar-stream';
import { SlipwayError } from '../../../core/index.ts';
import type { Entry, RawEntry } from './entries.ts';

const TYPES: { readonly [type: string]: RawEntry['type'] } = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'link',
};

/** Every member of a tar, in order. @throws {SlipwayError} `ARCHIVE` for more than `most` bytes; whatever the library says of a broken one. */
export async function readTar(source: Readable, most: number): Promise<readonly RawEntry[]> {
  const entries: RawEntry[] = [];
  const reader = extract();
  source.on('error', (error) => reader.destroy(error));
  source.pipe(reader);
  let left = most;
  for await (const stream of reader) {
    const { name, type, mode, mtime, linkname } = stream.header;
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      left -= chunk.length;
      if (left < 0) throw tooLarge(most);
      chunks.push(chunk);
    }
    entries.push({
      ...{ name, mode, type: TYPES[type ?? 'file'] ?? 'other', modified: mtime?.getTime() ?? 0 },
      ...(linkname === undefined || linkname === null ? {} : { target: linkname }),
      content: Buffer.concat(chunks),
    });
  }
  return entries;
}

export function tooLarge(most: number): SlipwayError {
  return new SlipwayError('ARCHIVE', `the archive unpacks to more than ${most} bytes`, { hint: 'split it' });
}

/** A plain tar of these members, owned by nobody in particular: whoever unpacks it decides. */
export async function writeTar(entries: readonly Entry[]): Promise<Buffer> {
  const writer = pack();
  for (const { path, type, mode, modified, target, content } of entries) {
    const header: Partial<Header> & { readonly name: string } = {
      name: path,
      type,
      mode,
      mtime: new Date(modified),
      uid: 0,
      gid: 0,
      ...(target === undefined ? {} : { linkname: target }),
    };
    writer.entry(header, content ?? Buffer.alloc(0));
  }
  writer.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of writer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
