import { posix } from 'node:path';
import type { Clock } from '../../core/index.ts';
import type { Seal } from './seal.ts';
import type { HostState, VirtualFile } from './state.ts';

/** What goes wrong in a file system, with its usual words. */
export class FileFault extends Error {}

/** The files of one rehearsed machine. Paths are absolute. Nothing here touches the real disk. */
export interface Files {
  stat(path: string): VirtualFile | undefined;
  isFolder(path: string): boolean;
  read(path: string): Buffer;
  write(path: string, content: Buffer, mode?: number): void;
  attributes(path: string, change: { readonly mode?: number; readonly uid?: number; readonly gid?: number }): void;
  makeFolder(path: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  list(path: string): readonly string[];
  size(path: string): number;
}

export function createFiles(files: HostState['files'], seal: Seal, clock: Clock): Files {
  const tree = treeOf(files);
  const { at, isFolder, need, needFolder, under } = tree;
  const read = (path: string): Buffer => {
    const { content } = need(path);
    if (content === undefined) throw new FileFault(`${path}: Is a directory`);
    return seal.open(content);
  };
  return {
    stat: (path) => files[at(path)],
    isFolder,
    read,
    write: (path, content, mode) => {
      if (isFolder(path)) throw new FileFault(`${path}: Is a directory`);
      const before = files[at(path)];
      if (!before) needFolder(posix.dirname(at(path)));
      files[at(path)] = { uid: 0, gid: 0, ...before, mode: mode ?? before?.mode ?? 0o644, content: seal.close(content), changed: clock.now() };
    },
    attributes: (path, change) => {
      files[at(path)] = { ...need(path), ...change };
    },
    makeFolder: (path) => {
      files[at(path)] ??= { content: undefined, mode: 0o755, uid: 0, gid: 0, changed: clock.now() };
    },
    rename: (from, to) => renameIn(files, tree, from, to),
    remove: (path) => {
      need(path);
      for (const each of [at(path), ...under(path)]) delete files[each];
    },
    list: (path) => {
      needFolder(path);
      return under(path)
        .filter((each) => posix.dirname(each) === at(path))
        .map((each) => posix.basename(each))
        .sort();
    },
    size: (path) => (isFolder(path) ? 4_096 : read(path).length),
  };
}

interface Tree {
  readonly at: (path: string) => string;
  readonly isFolder: (path: string) => boolean;
  readonly need: (path: string) => VirtualFile;
  readonly needFolder: (path: string) => void;
  /** Everything below a folder. */
  readonly under: (path: string) => readonly string[];
}

function treeOf(files: HostState['files']): Tree {
  const at = (path: string): string => posix.resolve('/', path);
  const isFolder = (path: string): boolean => files[at(path)] !== undefined && files[at(path)]?.content === undefined;
  return {
    at,
    isFolder,
    need: (path) => {
      const file = files[at(path)];
      if (!file) throw new FileFault(`${path}: No such file or directory`);
      return file;
    },
    needFolder: (path) => {
      if (!isFolder(path)) throw new FileFault(`${path}: No such file or directory`);
    },
    under: (path) => {
      const prefix = at(path) === '/' ? '/' : `${at(path)}/`;
      return Object.keys(files).filter((each) => each !== '/' && each.startsWith(prefix));
    },
  };
}

function renameIn(files: HostState['files'], { at, need, needFolder, under }: Tree, from: string, to: string): void {
  needFolder(posix.dirname(at(to)));
  for (const path of [at(from), ...under(from)]) {
    const file = need(path);
    delete files[path];
    files[at(to) + path.slice(at(from).length)] = file;
  }
}
