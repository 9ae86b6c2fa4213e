import { posix } from 'node:path';
import type { Attributes, FileEntry, SFTPWrapper } from 'ssh2';
import { FileFault } from './files.ts';
import type { Machine } from './machine.ts';

const OK = 0;
const END_OF_FILE = 1;
const NO_SUCH_FILE = 2;
const FAILURE = 4;
const FLAG = { write: 2, create: 8, truncate: 16, exclusive: 32 };
const FOLDER = 0o040000;
const REGULAR = 0o100000;

interface Handle {
  readonly path: string;
  content: Buffer;
  isWritten: boolean;
}
interface Served {
  readonly sftp: SFTPWrapper;
  readonly machine: Machine;
  readonly handles: Map<number, Handle>;
  /** Turn a file system's complaint into a status. */
  readonly answer: (id: number, act: () => void) => void;
}

/** Serve the files of a machine over SFTP: what reading and writing single files needs. */
export function serveSftp(sftp: SFTPWrapper, machine: Machine): void {
  const served: Served = {
    sftp,
    machine,
    handles: new Map(),
    answer: (id, act) => {
      try {
        act();
      } catch (thrown) {
        if (!(thrown instanceof FileFault)) throw thrown;
        sftp.status(id, thrown.message.includes('No such') ? NO_SUCH_FILE : FAILURE, thrown.message);
      }
    },
  };
  serveAttributes(served);
  serveHandles(served);
  serveBlocks(served);
}

function serveAttributes({ sftp, machine, handles, answer }: Served): void {
  const sendStats = (id: number, path: string): void => answer(id, () => sftp.attrs(id, statsOf(machine, path)));
  const setStats = (id: number, path: string, attributes: Attributes): void =>
    answer(id, () => {
      const { mode, uid, gid } = attributes as Partial<Attributes>; // the protocol sends only some
      machine.files.attributes(path, {
        ...(mode === undefined ? {} : { mode: mode & 0o7777 }),
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      });
      sftp.status(id, OK);
    });
  sftp.on('STAT', sendStats);
  sftp.on('LSTAT', sendStats);
  sftp.on('FSTAT', (id, name) => sendStats(id, handleOf(handles, name)?.path ?? ''));
  sftp.on('SETSTAT', setStats);
  sftp.on('FSETSTAT', (id, name, attributes) => {
    const handle = handleOf(handles, name);
    if (handle) flush(machine, handle);
    setStats(id, handle?.path ?? '', attributes);
  });
  sftp.on('REALPATH', (id, path) => sftp.name(id, [{ filename: posix.resolve('/root', path), longname: path } as FileEntry])); // its attributes are optional
  sftp.on('REMOVE', (id, path) =>
    answer(id, () => {
      machine.files.remove(path);
      machine.changed('file', { action: 'remove', path });
      sftp.status(id, OK);
    }),
  );
  sftp.on('RENAME', (id, from, to) =>
    answer(id, () => {
      machine.files.rename(from, to);
      machine.changed('file', { action: 'move', path: to });
      sftp.status(id, OK);
    }),
  );
}

function serveHandles({ sftp, machine, handles, answer }: Served): void {
  let next = 0;
  sftp.on('OPEN', (id, path, flags, attributes) =>
    answer(id, () => {
      const name = Buffer.alloc(4);
      name.writeUInt32BE(next);
      handles.set(next++, open(machine, path, flags, (attributes as Partial<Attributes>).mode ?? 0o644)); // the protocol sends only some
      sftp.handle(id, name);
    }),
  );
  sftp.on('CLOSE', (id, name) =>
    answer(id, () => {
      const handle = handleOf(handles, name);
      if (handle) flush(machine, handle);
      handles.delete(name.readUInt32BE());
      sftp.status(id, handle ? OK : FAILURE);
    }),
  );
}

function serveBlocks({ sftp, handles }: Served): void {
  sftp.on('READ', (id, name, offset, length) => {
    const block = handleOf(handles, name)?.content.subarray(offset, offset + length);
    if (!block || block.length === 0) sftp.status(id, block ? END_OF_FILE : FAILURE);
    else sftp.data(id, block);
  });
  sftp.on('WRITE', (id, name, offset, data) => {
    const handle = handleOf(handles, name);
    if (!handle) return sftp.status(id, FAILURE);
    const grown = Buffer.alloc(Math.max(handle.content.length, offset + data.length));
    handle.content.copy(grown);
    data.copy(grown, offset);
    handle.content = grown;
    handle.isWritten = true;
    sftp.status(id, OK);
  });
}

function handleOf(handles: Served['handles'], name: Buffer): Handle | undefined {
  return name.length === 4 ? handles.get(name.readUInt32BE()) : undefined;
}

function open({ files }: Machine, path: string, flags: number, mode: number): Handle {
  const isThere = files.stat(path) !== undefined;
  if (isThere && flags & FLAG.exclusive) throw new FileFault(`${path}: File exists`);
  const isNew = (flags & FLAG.create) !== 0 && (!isThere || (flags & FLAG.truncate) !== 0);
  if (isNew) files.write(path, Buffer.alloc(0), isThere ? undefined : mode & 0o7777);
  return { path, content: files.read(path), isWritten: false };
}

function flush(machine: Machine, handle: Handle): void {
  if (!handle.isWritten || !machine.files.stat(handle.path)) return;
  machine.files.write(handle.path, handle.content);
  handle.isWritten = false;
  machine.changed('file', { action: 'write', path: handle.path });
}

function statsOf({ files }: Machine, path: string): Attributes {
  const file = files.stat(path);
  if (!file) throw new FileFault(`${path}: No such file or directory`);
  const seconds = Math.floor(file.changed / 1_000);
  return { mode: file.mode | (files.isFolder(path) ? FOLDER : REGULAR), uid: file.uid, gid: file.gid, size: files.size(path), atime: seconds, mtime: seconds };
}
