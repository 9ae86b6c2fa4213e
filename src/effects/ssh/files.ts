import { posix } from 'node:path';
import { type Clock, type Digest, digestOfBytes } from '../../core/index.ts';
import type { RemoteFile, SshControl } from '../../steps/index.ts';
import type { Drafts } from './drafts.ts';
import { lost, runBeside } from './exec.ts';
import { type Ids, idsOf } from './ids.ts';
import type { Link } from './link.ts';
import { readHandle } from './read-handle.ts';
import { MOVE_SCRIPT } from './scripts.ts';
import type { Sftp } from './sftp.ts';
import { fileError, withSftp } from './with-sftp.ts';
import { unreachableHost } from './unreachable.ts';

/** What every server must take in one packet, and how many are on their way at once. */
const BLOCK_BYTES = 32_000;
const AHEAD = 8;
const MOVE_MS = 30_000;
const FILE_TYPE = 0o170000;
const FOLDER = 0o040000;

export interface ReadFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly digest: Digest;
}

/** What file transfer on a connection works with. */
export interface FileCall {
  readonly link: Link;
  readonly control: SshControl;
  readonly clock: Clock;
}

/** Read a file by SFTP: undefined when there is none; the digest is of the whole file, the content of its first bytes. */
export function readBySftp({ link, control, clock }: FileCall, path: string, maxBytes: number): Promise<ReadFile | undefined> {
  return withSftp({ link, control, clock, path, whenLost: (cause) => unreachableHost(link.host, cause) }, async (sftp) => {
    // Both at once: a round trip each would be most of the time that a small file takes.
    const [stats, opened] = await Promise.allSettled([sftp.stat(path), sftp.open(path, 'r')]);
    try {
      const { value: found } = fulfilled(stats);
      if (!found) return undefined;
      if ((found.mode & FILE_TYPE) === FOLDER) throw fileError(link, path, 'it is a folder');
      const { content, digest } = await readHandle(sftp, fulfilled(opened).value, { maxBytes, sizeBytes: found.size, signal: control.signal });
      return { content, digest, mode: found.mode & 0o7777 };
    } finally {
      if (opened.status === 'fulfilled') await sftp.close(opened.value);
    }
  });
}

function fulfilled<T>(settled: PromiseSettledResult<T>): PromiseFulfilledResult<T> {
  if (settled.status === 'rejected') throw settled.reason;
  return settled;
}

/**
 * Write a file so that it is whole or unchanged: beside it under a new name nobody else can have opened, given owner and
 * mode, synced, read back and compared, then put in its place at once. A symbolic link at that place is replaced, not followed.
 *
 * @param drafts names beside; what is left of earlier tries is removed first.
 */
export async function writeBySftp(call: FileCall, file: RemoteFile, drafts: Drafts): Promise<void> {
  const { link, control, clock } = call;
  const ids = await idsOf(link, file, control, clock);
  const whenLost = (cause: Error) => lost(link, `${file.path} is whole, old or new (${cause.message})`);
  await withSftp({ link, control, clock, path: file.path, whenLost }, async (sftp) => {
    const { name, leftovers } = drafts.next();
    const folder = posix.dirname(file.path);
    const beside = posix.join(folder, name);
    // A server does what concerns one file in the order it is asked: all of this is one flight.
    const removed = Promise.allSettled(leftovers.map((leftover) => sftp.unlink(posix.join(folder, leftover))));
    const [present, opened] = await Promise.allSettled([sftp.lstat(file.path), sftp.open(beside, 'xw+', 0o600), removed]);
    const { value: handle } = fulfilled(opened);
    try {
      const { value: found } = fulfilled(present);
      if (found && (found.mode & FILE_TYPE) === FOLDER) throw fileError(link, file.path, 'it is a folder');
      const digest = await fillAndReadBack(sftp, { handle, file, ids, signal: control.signal });
      if (digest !== digestOfBytes(file.content)) throw fileError(link, file.path, 'the machine did not keep what was sent');
      control.signal.throwIfAborted();
      const [, replaced] = await Promise.all([sftp.close(handle), sftp.replace(beside, file.path)]);
      if (!replaced) await moveByShell(beside, file.path, call);
    } catch (thrown) {
      // The connection may be gone: then whoever tries again removes it.
      await Promise.allSettled([sftp.close(handle), sftp.unlink(beside)]);
      throw thrown;
    }
  });
}

async function moveByShell(from: string, to: string, { link, control, clock }: FileCall): Promise<void> {
  const request = { script: MOVE_SCRIPT, env: { SLIPWAY_FROM: from, SLIPWAY_PATH: to }, timeoutMs: MOVE_MS, maxOutputBytes: 4_096 };
  const { exitCode, stderr } = await runBeside(link, request, { signal: control.signal, clock });
  if (exitCode !== 0) throw fileError(link, to, `it cannot be replaced: ${stderr.toString('utf8').trim()}`);
}

interface Filling {
  readonly handle: Buffer;
  readonly file: RemoteFile;
  readonly ids: Ids;
  readonly signal: AbortSignal;
}

/** @returns the digest of what the machine holds now. */
async function fillAndReadBack(sftp: Sftp, filling: Filling): Promise<Digest> {
  const sizeBytes = filling.file.content.length;
  const written = fill(sftp, filling);
  // A server answers in the order it is asked: a small file is read back without waiting for its end.
  if (sizeBytes > AHEAD * BLOCK_BYTES) await written;
  const [filled, read] = await Promise.allSettled([written, readHandle(sftp, filling.handle, { maxBytes: 0, sizeBytes, signal: filling.signal })]);
  fulfilled(filled);
  return fulfilled(read).value.digest;
}

/** Write and give away: one flight of requests when nothing has to be looked up. */
async function fill(sftp: Sftp, { handle, file, ids, signal }: Filling): Promise<void> {
  const content = Buffer.from(file.content);
  const blocks = Math.ceil(content.length / BLOCK_BYTES);
  const write = (index: number): Promise<void> => {
    const start = index * BLOCK_BYTES;
    return sftp.write(handle, content.subarray(start, start + BLOCK_BYTES), start);
  };
  let at = 0;
  for (; blocks - at > AHEAD; at += AHEAD) {
    signal.throwIfAborted();
    await Promise.all(Array.from({ length: AHEAD }, (_, index) => write(at + index)));
  }
  const last = Array.from({ length: blocks - at }, (_, index) => write(at + index));
  await Promise.all([...last, seal(sftp, { handle, file, ids })]);
}

/** Owner first: changing it takes special bits of the mode away. */
async function seal(sftp: Sftp, { handle, file, ids }: Pick<Filling, 'handle' | 'file' | 'ids'>): Promise<void> {
  if (ids.uid !== undefined || ids.gid !== undefined) {
    const now = ids.uid === undefined || ids.gid === undefined ? await sftp.fstat(handle) : { uid: 0, gid: 0 };
    await sftp.setAttributes(handle, { uid: ids.uid ?? now.uid, gid: ids.gid ?? now.gid });
  }
  await Promise.all([sftp.setAttributes(handle, { mode: file.mode }), sftp.sync(handle)]);
}
