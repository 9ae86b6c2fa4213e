import { createHash } from 'node:crypto';
import type { Digest } from '../../core/index.ts';
import type { Sftp } from './sftp.ts';

const BLOCK_BYTES = 32_000;
const AHEAD = 8;

export interface ReadRequest {
  /** Most bytes to keep. */
  readonly maxBytes: number;
  /** How long the file is believed to be. */
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
}

/** Read an open file to its end, whatever its length was believed to be: the first bytes of it, and the digest of all. */
export async function readHandle(sftp: Sftp, handle: Buffer, request: ReadRequest): Promise<{ readonly content: Buffer; readonly digest: Digest }> {
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let left = request.maxBytes;
  for await (const block of blocksOf(sftp, handle, request)) {
    hash.update(block);
    if (left > 0) kept.push(block.subarray(0, left));
    left -= block.length;
  }
  return { content: Buffer.concat(kept), digest: `sha256:${hash.digest('hex')}` };
}

/** Asks for several blocks at once, the one after the believed end among them, so that a small file takes one round trip. */
async function* blocksOf(sftp: Sftp, handle: Buffer, { sizeBytes, signal }: ReadRequest): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    signal.throwIfAborted();
    const wanted = spansFrom(position, sizeBytes);
    const blocks = await Promise.all(wanted.map(({ from, length }) => sftp.read(handle, from, length)));
    for (const [index, block] of blocks.entries()) {
      if (block.length === 0) return;
      yield block;
      position += block.length;
      // Shorter than asked for: what was asked for behind it does not follow it.
      if (block.length < (wanted[index]?.length ?? 0)) break;
    }
  }
}

/** The next blocks up to the believed end, then one beyond it. */
function spansFrom(position: number, sizeBytes: number): readonly { readonly from: number; readonly length: number }[] {
  const spans: { from: number; length: number }[] = [];
  let from = position;
  while (spans.length < AHEAD && from < sizeBytes) {
    const length = Math.min(BLOCK_BYTES, sizeBytes - from);
    spans.push({ from, length });
    from += length;
  }
  return [...spans, { from, length: BLOCK_BYTES }];
}
