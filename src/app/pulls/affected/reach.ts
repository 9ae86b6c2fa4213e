import { posix } from 'node:path';
import type { TreeFile } from '../../../repo/index.ts';

export type Tree = ReadonlyMap<string, TreeFile>;

const ENDINGS = ['', '.ts', '.js', '.mts', '.mjs', '.cts', '.cjs', '.tsx', '.jsx', '.json', '/index.ts', '/index.js', '/index.mts', '/index.mjs'];
const MOST_HOPS = 8;

/** Files that a relative path may mean, written in a file or link of the repository. None when nothing of it is there. */
export function filesMeant(tree: Tree, from: string, written: string): readonly string[] {
  const path = placeMeant(from, written);
  const found = ENDINGS.map((ending) => path + ending).filter((candidate) => tree.has(candidate));
  // `./x.js` is how TypeScript may call x.ts.
  const source = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2');
  return source !== path && tree.has(source) ? [...found, source] : found;
}

/** The path from the top folder; it begins with `..` when it leads out. */
export function placeMeant(from: string, written: string): string {
  return posix.join(posix.dirname(from), written).replace(/\/$/, '');
}

/** The file that a path leads to over links; undefined when it leads nowhere, to a folder, or round in a circle. */
export function followed(tree: Tree, path: string, linkText: (path: string) => string): string | undefined {
  let at = path;
  for (let hops = 0; hops < MOST_HOPS; hops++) {
    const file = tree.get(at);
    if (!file) return undefined;
    if (file.mode !== 'link') return at;
    at = placeMeant(at, linkText(at));
  }
  return undefined;
}
