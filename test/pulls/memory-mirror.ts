import { createHash } from 'node:crypto';
import type { Mirror, TreeFile } from '../../src/repo/index.ts';
import type { Files } from './repository.ts';

/** A mirror without git: commits are maps of files. */
export function memoryMirror(): { readonly mirror: Mirror; readonly commit: (files: Files, from?: string) => string; readonly reads: string[] } {
  const commits = new Map<string, ReadonlyMap<string, TreeFile>>();
  const blobs = new Map<string, string>();
  const reads: string[] = [];
  const treeOf = (commit: string): ReadonlyMap<string, TreeFile> => commits.get(commit) ?? new Map();
  const refuse = (): never => {
    throw new Error('nobody should need this');
  };
  const mirror: Mirror = {
    path: '',
    fetch: refuse,
    ensure: refuse,
    resolve: refuse,
    checkout: refuse,
    changedFiles: refuse,
    mergeBase: refuse,
    behindBy: refuse,
    people: refuse,
    fileIn: refuse,
    treeId: refuse,
    list: async (commit) => treeOf(commit),
    blob: async (oid) => {
      reads.push(oid);
      return Buffer.from(blobs.get(oid) ?? '');
    },
  };
  return {
    mirror,
    reads,
    commit: (files, from) => {
      const tree = new Map(from === undefined ? [] : treeOf(from));
      for (const [path, text] of Object.entries(files)) {
        const oid = createHash('sha1')
          .update(text ?? '')
          .digest('hex');
        if (text === undefined) tree.delete(path);
        else tree.set(path, { oid, mode: text.startsWith('->') ? 'link' : 'file' });
        blobs.set(oid, text?.replace(/^->/, '') ?? '');
      }
      const id = createHash('sha1')
        .update(JSON.stringify([...tree]))
        .digest('hex');
      commits.set(id, tree);
      return id;
    },
  };
}
