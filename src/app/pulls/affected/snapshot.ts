import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRecent } from '../../../core/index.ts';
import { isRunbookFile, type Mirror } from '../../../repo/index.ts';
import { inspectRepository, type Inspected, type RepositoryFile } from '../../../runbook/index.ts';
import { readAhead } from '../../read-ahead.ts';
import { type CodeUses, codeUses, isCode } from './code.ts';
import { filesMeant, followed, type Tree } from './reach.ts';

/** A commit as far as it says what it holds: names of all files, documents of runbooks/, code of stacks. Nothing of it was executed. */
export interface Snapshot extends Inspected {
  readonly commit: string;
  readonly tree: Tree;
  /** Of a link: where it leads. Only of files that were read. */
  readonly textOf: (path: string) => string;
  readonly codeOf: (path: string) => CodeUses;
}
/** Reads commits of one mirror; files that many commits share are read once. */
export interface Snapshots {
  open(commit: string): Promise<Snapshot>;
}

/** Texts that are remembered, in UTF-16 code units. */
const MOST_CHARS = 32 * 1024 * 1024;
/** Larger files are no code that a person wrote; they name nothing. */
const MOST_BYTES = 1024 * 1024;
/** When more files than this are unknown, all files of the commit are taken out of the mirror at once. */
const ONE_BY_ONE = 40;
/** Snapshots that are kept: a base and the heads that people work on. */
const MOST_KEPT = 16;

/** Read snapshots of a mirror. */
export function createSnapshots(mirror: Mirror): Snapshots {
  const texts = createTexts(mirror);
  const kept = createRecent<Promise<Snapshot>>(MOST_KEPT);
  return {
    open: (commit) => {
      const known = kept.use(commit, () => openSnapshot(mirror, texts, commit));
      known.catch(() => kept.forget(commit, known));
      return known;
    },
  };
}

async function openSnapshot(mirror: Mirror, texts: Texts, commit: string): Promise<Snapshot> {
  const tree = await mirror.list(commit);
  const contents = new Map<string, string>();
  const textOf = (path: string): string => contents.get(path) ?? '';
  const read = async (paths: readonly string[]): Promise<void> => {
    for (const [path, text] of await texts.of(commit, tree, paths)) contents.set(path, text);
  };
  const paths = [...tree.keys()].sort();
  await read(paths.filter((path) => tree.get(path)?.mode === 'link'));
  const files = paths.filter(isRunbookFile).flatMap((path) => {
    const target = followed(tree, path, textOf);
    return target === undefined ? [] : [{ path, target }];
  });
  const code = paths.filter((path) => path.startsWith('stacks/') && isCodeFile(tree, path));
  await read([...files.map(({ target }) => target), ...code]);
  const codeOf = (path: string): CodeUses => texts.codeOf(tree.get(path)?.oid ?? '', textOf(path));
  await readOn(code, { tree, codeOf, read });
  const runbookFiles = files.map(({ path, target }): RepositoryFile => ({ path, text: textOf(target) }));
  await readAhead(runbookFiles);
  return { commit, tree, ...inspectRepository(runbookFiles), textOf, codeOf };
}

function isCodeFile(tree: Tree, path: string): boolean {
  return isCode(path) && tree.get(path)?.mode !== 'link';
}

/** Code of stacks may name code elsewhere, which names other code. */
async function readOn(
  first: readonly string[],
  { tree, codeOf, read }: { readonly tree: Tree; readonly codeOf: Snapshot['codeOf']; readonly read: (paths: readonly string[]) => Promise<void> },
): Promise<void> {
  const seen = new Set(first);
  for (let wave = first; wave.length > 0;) {
    const named = wave.flatMap((path) => codeOf(path).relative.flatMap((written) => filesMeant(tree, path, written)));
    wave = [...new Set(named)].filter((path) => isCodeFile(tree, path) && !seen.has(path));
    for (const path of wave) seen.add(path);
    await read(wave);
  }
}

interface Texts {
  of(commit: string, tree: Tree, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  codeOf(oid: string, text: string): CodeUses;
}

function createTexts(mirror: Mirror): Texts {
  const texts = new Map<string, string>();
  const uses = new Map<string, CodeUses>();
  let chars = 0;
  const keep = (oid: string, bytes: Uint8Array): void => {
    const text = bytes.byteLength > MOST_BYTES ? '' : Buffer.from(bytes).toString('utf8');
    texts.set(oid, text);
    chars += text.length;
    for (const [oldest, other] of texts) {
      if (chars <= MOST_CHARS || oldest === oid) break;
      texts.delete(oldest);
      uses.delete(oldest);
      chars -= other.length;
    }
  };
  return {
    of: async (commit, tree, paths) => {
      const oids = new Map(paths.map((path) => [path, tree.get(path)?.oid ?? '']));
      const missing = paths.filter((path) => !texts.has(oids.get(path) ?? ''));
      const read = missing.length > ONE_BY_ONE ? await filesOf(mirror, commit, tree) : async (path: string) => mirror.blob(oids.get(path) ?? '');
      const made = new Map<string, string>();
      for (const path of missing) keep(oids.get(path) ?? '', await read(path));
      for (const [path, oid] of oids) made.set(path, texts.get(oid) ?? Buffer.from(await mirror.blob(oid)).toString('utf8'));
      return made;
    },
    codeOf: (oid, text) => {
      const found = uses.get(oid) ?? codeUses(text);
      uses.set(oid, found);
      return found;
    },
  };
}

/** All files of the commit, taken out of the mirror; links are names there and not here. */
async function filesOf(mirror: Mirror, commit: string, tree: Tree): Promise<(path: string) => Promise<Uint8Array>> {
  const { root } = await mirror.checkout({ commit });
  return async (path) => {
    const file = tree.get(path);
    return file === undefined || file.mode === 'link' ? mirror.blob(file?.oid ?? '') : readFile(join(root, path));
  };
}
