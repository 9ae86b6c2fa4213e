import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Digest, isObject, randomText, systemClock } from '../core/index.ts';
import { peopleOf, type Person, resolveCommit, topFolder } from './commits.ts';
import { git, type GitContext } from './git.ts';
import { withLock } from './lock.ts';
import { writtenIn } from './people-of-mirror.ts';
import { digestOfTree, dropEscapingLinks, makeReadOnly, removeTree } from './tree.ts';
import { copyWorkingTree, isDirty } from './working-tree.ts';

export interface CheckoutRequest extends GitContext {
  /** The top folder of a repository, or one inside it. */
  readonly repository: string;
  /** A commit, branch or tag; or the files as they are now, committed or not. */
  readonly at: { readonly commit: string } | { readonly workingTree: true };
  /** Whoever changed something after this commit is an author; only those of the planned commit when absent. */
  readonly base?: string;
  /** Absolute paths that are no part of a work tree although they may lie in it, such as a plan that was written there. */
  readonly aside?: readonly string[];
  /** Ours alone: mirrors, trees and locks. */
  readonly cacheDir: string;
  readonly clock?: Clock;
}
/** Files of one state of a repository, read-only. */
export interface Checkout {
  /** Absolute path of the files. */
  readonly root: string;
  readonly repository: string;
  /** Full id of the commit; of HEAD for a work tree. */
  readonly commit: string;
  readonly base?: string;
  /** True when `root` holds what no commit holds. */
  readonly dirty: boolean;
  /** Over every name, mode and byte below `root`. */
  readonly digest: Digest;
  readonly people: readonly Person[];
  /** Links that were left out because they lead out of the repository or nowhere. */
  readonly droppedLinks: readonly string[];
}
/** No checkout takes this long. */
const HALF_MS = 6 * 3_600_000;
type Tree = Pick<Checkout, 'root' | 'digest' | 'droppedLinks'>;

/**
 * Put the files of a commit, or of the work tree, into the cache and say who wrote them. Nothing of the repository is executed: no hook, filter,
 * submodule or LFS download. What is in the cache already is checked byte by byte and used again.
 *
 * @throws {SlipwayError} `NOT_A_REPOSITORY`, `NO_COMMIT`, `COMMIT_NOT_FOUND`, `BAD_REVISION`, `GIT_MISSING`, `GIT_OWNER`, `GIT_FAILED`,
 * `REPO_LOCKED`, `REPO_CACHE`, `TREE_TOO_LARGE`.
 */
export async function openCheckout(request: CheckoutRequest): Promise<Checkout> {
  const context: GitContext = { env: request.env, signal: request.signal };
  const repository = await topFolder(request.repository, context);
  const commit = await resolveCommit(repository, 'commit' in request.at ? request.at.commit : 'HEAD', context);
  const base = request.base === undefined ? undefined : await resolveCommit(repository, request.base, context);
  const dirty = 'workingTree' in request.at && (await isDirty(repository, context, request.aside));
  await mkdir(join(request.cacheDir, 'trees'), { recursive: true, mode: 0o700 });
  const clock = request.clock ?? systemClock;
  const cache = { ...request, repository, cacheDir: await realpath(request.cacheDir), clock, context };
  await sweep(join(cache.cacheDir, 'trees'), clock);
  const tree = dirty ? await snapshot(cache) : await committed(cache, commit);
  const people = await peopleOf(repository, { base, head: commit }, context);
  return { ...tree, repository, commit, ...(base === undefined ? {} : { base }), dirty, people };
}

/** Put the files of a commit that a bare repository of ours has into the cache; otherwise as `openCheckout`. */
export async function checkoutFrom(
  mirror: string,
  range: { readonly commit: string; readonly base?: string | undefined },
  { cacheDir, clock, context }: Pick<Cache, 'cacheDir' | 'clock' | 'context'>,
): Promise<Checkout> {
  const written = await writtenIn(mirror, range, context);
  await mkdir(join(cacheDir, 'trees'), { recursive: true, mode: 0o700 });
  const cache: Cache = { repository: mirror, mirror, cacheDir: await realpath(cacheDir), clock, context };
  await sweep(join(cache.cacheDir, 'trees'), clock);
  const tree = await committed(cache, written.commit);
  return { ...tree, repository: mirror, ...written, dirty: false };
}

interface Cache {
  readonly repository: string;
  /** A bare repository that has the commits already. */
  readonly mirror?: string;
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly aside?: readonly string[];
  readonly context: GitContext;
}

async function committed(cache: Cache, commit: string): Promise<Tree> {
  const name = `${commit}-${keyOf(cache.repository)}`;
  const root = join(cache.cacheDir, 'trees', name);
  const lock = { clock: cache.clock, signal: cache.context.signal };
  return withLock(join(cache.cacheDir, `${name}.lock`), lock, async () => {
    const known = await reuse(root);
    if (known) return known;
    const mirror = cache.mirror ?? (await mirrorWith(cache, commit));
    const half = halfMade(root);
    await mkdir(half, { recursive: true });
    const place = { ...cache.context, folder: mirror, workTree: { path: half, index: `${half}.index` } };
    try {
      await git(place, 'read-tree', commit);
      await git(place, 'checkout-index', '--all', '--force', '--quiet');
      return await finish(half, root);
    } finally {
      await rm(`${half}.index`, { force: true });
      await removeTree(half);
    }
  });
}

/** The tree's name is its digest, so it cannot be known before the files are copied. */
async function snapshot(cache: Cache): Promise<Tree> {
  const half = halfMade(join(cache.cacheDir, 'trees', 'snapshot'));
  await mkdir(half, { recursive: true });
  try {
    await copyWorkingTree(cache.repository, half, {
      except: [cache.cacheDir, join(cache.repository, '.slipway'), ...(cache.aside ?? [])],
      context: cache.context,
    });
    const droppedLinks = await dropEscapingLinks(half);
    const root = join(cache.cacheDir, 'trees', (await digestOfTree(half)).replace(':', '-'));
    const lock = { clock: cache.clock, signal: cache.context.signal };
    return await withLock(`${root}.lock`, lock, async () => (await reuse(root)) ?? (await finish(half, root, droppedLinks)));
  } finally {
    await removeTree(half);
  }
}

/** A bare repository of our own that has the commit. */
async function mirrorWith(cache: Cache, commit: string): Promise<string> {
  const mirror = join(cache.cacheDir, 'mirrors', `${keyOf(cache.repository)}.git`);
  const lock = { clock: cache.clock, signal: cache.context.signal };
  await mkdir(mirror, { recursive: true, mode: 0o700 });
  const place = { ...cache.context, folder: mirror };
  await withLock(`${mirror}.lock`, lock, async () => {
    // Both are safe to repeat after a crash in the middle.
    await git(place, 'init', '--bare', '--quiet', '--template=', '.');
    const source = await topGitFolder(cache);
    await git(place, 'fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', source, `+${commit}:refs/slipway/${commit}`);
  });
  return mirror;
}

async function topGitFolder(cache: Cache): Promise<string> {
  return (await git({ ...cache.context, folder: cache.repository }, 'rev-parse', '--absolute-git-dir')).replace(/\n$/, '');
}

/** The record is written before the tree gets its name, so a tree with a name is whole. */
async function finish(half: string, root: string, dropped?: readonly string[]): Promise<Tree> {
  const droppedLinks = dropped ?? (await dropEscapingLinks(half));
  const digest = await digestOfTree(half);
  await makeReadOnly(half);
  await writeFile(`${root}.json`, JSON.stringify({ digest, droppedLinks }), { mode: 0o600 });
  await rename(half, root);
  return { root, digest, droppedLinks };
}

/** A tree of the cache when nothing in it has changed since it was made; else it is removed. */
async function reuse(root: string): Promise<Tree | undefined> {
  const record: unknown = await readFile(`${root}.json`, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  const actual = await digestOfTree(root).catch(() => undefined);
  if (isObject(record) && actual !== undefined && record['digest'] === actual && Array.isArray(record['droppedLinks'])) {
    return { root, digest: actual, droppedLinks: record['droppedLinks'].map(String) };
  }
  await removeTree(root);
  return undefined;
}

/** Remove what processes that died left half made. */
async function sweep(trees: string, clock: Clock): Promise<void> {
  for (const name of (await readdir(trees)).filter((each) => /\.half(\.index)?(\.lock)?$/.test(each))) {
    const path = join(trees, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => clock.now() - mtimeMs,
      () => 0,
    );
    if (age > HALF_MS) await (name.endsWith('.half') ? removeTree(path) : rm(path, { force: true }));
  }
}

function halfMade(root: string): string {
  return `${root}.${randomText(8)}.half`;
}

function keyOf(repository: string): string {
  return createHash('sha256').update(repository).digest('hex').slice(0, 16);
}
