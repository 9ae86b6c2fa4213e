import { posix } from 'node:path';
import type { Snapshot } from './snapshot.ts';
import { isCode, isForeign } from './code.ts';
import { filesMeant, placeMeant } from './reach.ts';

/** What decides which packages and settings a program gets, in its folder or any above. */
const MANIFESTS = ['package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'tsconfig.json', '.npmrc', 'Pulumi.yaml'];

/** Which of some changed files each program of a snapshot is made of. */
export interface Programs {
  changedFor(program: string): readonly string[];
  /** Whatever any program is made of. */
  readonly changedForAny: readonly string[];
}

/** @param changed paths that differ between two snapshots. */
export function createPrograms(snapshot: Snapshot, changed: ReadonlySet<string>): Programs {
  const folders = new Map<string, string[]>();
  for (const path of snapshot.tree.keys()) {
    const program = /^stacks\/([^/]+)\//.exec(path)?.[1];
    if (program !== undefined) folders.set(program, [...(folders.get(program) ?? []), path]);
  }
  const known = new Map<string, readonly string[]>();
  const changedFor = (program: string): readonly string[] => {
    const found = known.get(program) ?? changedIn(inputsOf(snapshot, program, folders.get(program) ?? []), changed);
    known.set(program, found);
    return found;
  };
  return {
    changedFor,
    get changedForAny() {
      return [...new Set([...folders.keys()].flatMap(changedFor))].sort();
    },
  };
}

/** Files, and folders of which everything counts. */
interface Inputs {
  readonly files: Set<string>;
  readonly folders: Set<string>;
}

function inputsOf(snapshot: Snapshot, program: string, own: readonly string[]): Inputs {
  const inputs: Inputs = { files: new Set(manifestsAbove(`stacks/${program}`)), folders: new Set([`stacks/${program}`]) };
  const waiting = [...own];
  const seen = new Set(waiting);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    inputs.files.add(path);
    for (const next of namedBy(snapshot, path, inputs)) {
      if (!seen.has(next)) waiting.push(next);
      seen.add(next);
    }
  }
  return inputs;
}

/** Files that a file leads to. What cannot be followed makes all of stacks/ count. */
function namedBy(snapshot: Snapshot, path: string, inputs: Inputs): readonly string[] {
  if (snapshot.tree.get(path)?.mode === 'link') return meant(snapshot, { path, written: snapshot.textOf(path) }, inputs);
  if (isForeign(path)) inputs.folders.add('stacks');
  if (!isCode(path)) return [];
  const { relative, isDynamic } = snapshot.codeOf(path);
  if (isDynamic) inputs.folders.add('stacks');
  return relative.flatMap((written) => meant(snapshot, { path, written }, inputs));
}

/** The files that a path means; of a folder everything counts, and what is not there may come. */
function meant({ tree }: Snapshot, { path, written }: { readonly path: string; readonly written: string }, inputs: Inputs): readonly string[] {
  const found = filesMeant(tree, path, written);
  const place = placeMeant(path, written);
  if (found.length === 0 && place !== '.' && !place.startsWith('..')) inputs.folders.add(place);
  return found;
}

function manifestsAbove(folder: string): readonly string[] {
  const folders = folder === '.' ? [] : [...manifestsAbove(posix.dirname(folder))];
  return [...folders, ...MANIFESTS.map((name) => posix.join(folder, name))];
}

function changedIn({ files, folders }: Inputs, changed: ReadonlySet<string>): readonly string[] {
  const within = [...folders].map((folder) => `${folder}/`);
  return [...changed].filter((path) => files.has(path) || folders.has(path) || within.some((folder) => path.startsWith(folder))).sort();
}
