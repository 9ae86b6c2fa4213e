import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type Clock, type Digest, digestOfBytes, randomText } from '../../core/index.ts';
import type { RemoteFile, SshControl } from '../../steps/index.ts';
import { type Link, unreachableHost } from './dial.ts';
import { lost, runInSlot } from './exec.ts';
import { type Ids, idsOf } from './ids.ts';
import { MOVE_SCRIPT } from './scripts.ts';
import type { Sftp } from './sftp.ts';
import { fileError, withSftp } from './with-sftp.ts';

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

/** Read a file by SFTP: undefined when there is none; the digest is of the whole file, the content of its first bytes. */
export function readBySftp(link: Link, path: string, maxBytes: number, control: SshControl): Promise<ReadFile | undefined> {
  return withSftp({ link, control, path, whenLost: (cause) => unreachableHost(link.host, cause) }, async (sftp) => {
    const stats = await sftp.stat(path);
    if (!stats) return undefined;
    if ((stats.mode & FILE_TYPE) === FOLDER) throw fileError(link, path, 'it is a folder');
    return { ...(await readAll(sftp, path, maxBytes, control.signal)), mode: stats.mode & 0o7777 };
  });
}

/**
 * Write a file so that it is whole or unchanged: beside it under a new name nobody else can have opened, given owner and
 * mode, synced, read back and compared, then put in its place at once. A symbolic link at that place is replaced, not followed.
 */
export async function writeBySftp(link: Link, file: RemoteFile, control: SshControl, clock: Clock): Promise<void> {
  const ids = await idsOf(link, file, control, clock);
  const whenLost = (cause: Error) => lost(link, `${file.path} is whole, old or new (${cause.message})`);
  await withSftp({ link, control, path: file.path, whenLost }, async (sftp) => {
    const present = await sftp.lstat(file.path);
    if (present && (present.mode & FILE_TYPE) === FOLDER) throw fileError(link, file.path, 'it is a folder');
    const beside = posix.join(posix.dirname(file.path), `.${posix.basename(file.path).slice(0, 150)}.slipway-${randomText(10)}`);
    const handle = await sftp.open(beside, 'wx', 0o600);
    try {
      await fill(sftp, handle, file, ids);
      const { digest } = await readAll(sftp, beside, 0, control.signal);
      if (digest !== digestOfBytes(file.content)) throw fileError(link, file.path, 'the machine did not keep what was sent');
      control.signal.throwIfAborted();
      if (!(await sftp.replace(beside, file.path))) await moveByShell(beside, file.path, { link, control, clock });
    } catch (thrown) {
      await sftp.unlink(beside).catch(() => undefined); // the connection may be gone; a stray file beside harms nothing
      throw thrown;
    }
  });
}

async function moveByShell(from: string, to: string, { link, control, clock }: { link: Link; control: SshControl; clock: Clock }): Promise<void> {
  const request = { script: MOVE_SCRIPT, env: { SLIPWAY_FROM: from, SLIPWAY_PATH: to }, timeoutMs: MOVE_MS, maxOutputBytes: 4_096 };
  const { exitCode, stderr } = await runInSlot(link, request, { signal: control.signal }, clock);
  if (exitCode !== 0) throw fileError(link, to, `it cannot be replaced: ${stderr.toString('utf8').trim()}`);
}

async function fill(sftp: Sftp, handle: Buffer, file: RemoteFile, ids: Ids): Promise<void> {
  const content = Buffer.from(file.content);
  try {
    await eachAhead(Math.ceil(content.length / BLOCK_BYTES), (index) => {
      const start = index * BLOCK_BYTES;
      return sftp.write(handle, content.subarray(start, start + BLOCK_BYTES), start);
    });
    // Owner first: changing it takes special bits of the mode away.
    if (ids.uid !== undefined || ids.gid !== undefined) {
      const now = await sftp.fstat(handle);
      await sftp.setAttributes(handle, { uid: ids.uid ?? now.uid, gid: ids.gid ?? now.gid });
    }
    await sftp.setAttributes(handle, { mode: file.mode });
    await sftp.sync(handle);
  } finally {
    await sftp.close(handle);
  }
}

/** Calls for 0 … count-1, some at a time, in order. */
async function eachAhead(count: number, call: (index: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < count; at += AHEAD) await Promise.all(Array.from({ length: Math.min(AHEAD, count - at) }, (_, index) => call(at + index)));
}

async function readAll(sftp: Sftp, path: string, maxBytes: number, signal: AbortSignal): Promise<Omit<ReadFile, 'mode'>> {
  const handle = await sftp.open(path, 'r');
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let left = maxBytes;
  try {
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const block = await sftp.read(handle, position, BLOCK_BYTES);
      if (block.length === 0) break;
      position += block.length;
      hash.update(block);
      if (left > 0) kept.push(block.subarray(0, left));
      left -= block.length;
    }
  } finally {
    await sftp.close(handle);
  }
  return { content: Buffer.concat(kept), digest: `sha256:${hash.digest('hex')}` };
}
