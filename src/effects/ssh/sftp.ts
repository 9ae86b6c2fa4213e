import type { Attributes, Client, SFTPWrapper } from 'ssh2';

/** The calls of an SFTP channel that reading and writing a file need. Failures keep the server's numeric `code`. */
export interface Sftp {
  stat(path: string): Promise<Stats | undefined>;
  lstat(path: string): Promise<Stats | undefined>;
  fstat(handle: Buffer): Promise<Stats>;
  open(path: string, flags: 'r' | 'xw+', mode?: number): Promise<Buffer>;
  close(handle: Buffer): Promise<void>;
  /** Fewer bytes than asked for at the end of the file; none after it. */
  read(handle: Buffer, position: number, length: number): Promise<Buffer>;
  write(handle: Buffer, bytes: Buffer, position: number): Promise<void>;
  setAttributes(handle: Buffer, attributes: Partial<Attributes>): Promise<void>;
  /** Ask the disk to keep it; servers without the extension are not asked. */
  sync(handle: Buffer): Promise<void>;
  /** Put a file in the place of another one at once. @returns false when the server cannot. */
  replace(from: string, to: string): Promise<boolean>;
  unlink(path: string): Promise<void>;
  end(): void;
}
export interface Stats {
  readonly mode: number;
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
}

const END_OF_FILE = 1;
const NO_SUCH_FILE = 2;
const OPERATION_UNSUPPORTED = 8;
const UNSUPPORTED = 'Server does not support this extended request';

type Done = (error: Error | null | undefined) => void;

/** Open an SFTP channel. @param whenClosed called once it has ended, by whomever. */
export async function openSftp(client: Client, whenClosed: () => void): Promise<Sftp> {
  const raw = await new Promise<SFTPWrapper>((resolve, reject) => client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp))));
  raw.once('close', whenClosed);
  return wrap(raw, callsOn(raw));
}

/** Turns callbacks into promises that also fail when the channel closes. */
interface Calls {
  readonly value: <T>(start: (callback: (error: Error | null | undefined, result: T) => void) => void) => Promise<T>;
  readonly done: (start: (callback: Done) => void) => Promise<void>;
}

function callsOn(raw: SFTPWrapper): Calls {
  const waiting = new Set<(error: Error) => void>();
  let closed = false;
  raw.on('error', () => undefined); // each call reports its own failure
  raw.on('close', () => {
    closed = true;
    for (const reject of waiting) reject(new Error('the SFTP channel closed'));
  });
  const value: Calls['value'] = async (start) => {
    if (closed) throw new Error('the SFTP channel closed');
    const { promise, resolve, reject } = Promise.withResolvers<Parameters<Parameters<typeof start>[0]>[1]>();
    waiting.add(reject);
    try {
      start((error, result) => (error ? reject(error) : resolve(result)));
      return await promise;
    } finally {
      waiting.delete(reject);
    }
  };
  return { value, done: (start) => value((callback) => start((error) => callback(error, undefined))) };
}

function wrap(raw: SFTPWrapper, calls: Calls): Sftp {
  const { value, done } = calls;
  return {
    stat: (path) =>
      unless(
        NO_SUCH_FILE,
        value<Stats>((callback) => raw.stat(path, callback)),
      ),
    lstat: (path) =>
      unless(
        NO_SUCH_FILE,
        value<Stats>((callback) => raw.lstat(path, callback)),
      ),
    fstat: (handle) => value((callback) => raw.fstat(handle, callback)),
    open: (path, flags, mode) => value((callback) => raw.open(path, flags, mode ?? 0o600, callback)),
    close: (handle) => done((callback) => raw.close(handle, callback)),
    read: async (handle, position, length) => {
      const room = Buffer.alloc(length);
      const bytesRead = await unless(
        END_OF_FILE,
        value<number>((callback) => raw.read(handle, room, 0, length, position, callback)),
      );
      return room.subarray(0, bytesRead ?? 0);
    },
    write: (handle, bytes, position) => done((callback) => raw.write(handle, bytes, 0, bytes.length, position, callback)),
    // The types want every attribute; the protocol sends those that are there.
    setAttributes: (handle, attributes) => done((callback) => raw.fsetstat(handle, attributes as Attributes, callback)),
    sync: async (handle) => void (await isSupported(done((callback) => raw.ext_openssh_fsync(handle, callback)))),
    replace: (from, to) => isSupported(done((callback) => raw.ext_openssh_rename(from, to, callback))),
    unlink: (path) => done((callback) => raw.unlink(path, callback)),
    end: () => raw.end(),
  };
}

async function isSupported(result: Promise<void>): Promise<boolean> {
  try {
    await result;
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && (thrown.message === UNSUPPORTED || sftpCode(thrown) === OPERATION_UNSUPPORTED)) return false;
    throw thrown;
  }
}

async function unless<T>(code: number, result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (thrown) {
    if (sftpCode(thrown) === code) return undefined;
    throw thrown;
  }
}

/** The server's status code: 2 no such file, 3 permission denied, 4 failure. */
export function sftpCode(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}
