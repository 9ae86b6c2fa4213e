import { createHash } from 'node:crypto';
import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, EXIT, SlipwayError, systemClock } from '../core/index.ts';
import { type Checkout, checkoutFrom } from './checkout.ts';
import { commitAnswers } from './commit-answers.ts';
import { type ChangedFile, changedFiles, FULL_ID, type Person, resolveCommit } from './commits.ts';
import { type FileIn, fileIn } from './file-in.ts';
import { git, gitBlob, type GitContext } from './git.ts';
import { listTree, type TreeFile } from './list-tree.ts';
import { withLock } from './lock.ts';
import { createQueue } from './queue.ts';
import { gitRemote, type RemoteAccess } from './remote.ts';

export interface MirrorRequest extends GitContext {
  /** What the repository is, such as `github/owner/name`; two with the same name share a mirror. */
  readonly name: string;
  /** Asked before every fetch, because credentials are short-lived. */
  readonly access: () => Promise<RemoteAccess>;
  /** Ours alone: mirrors, trees and locks. */
  readonly cacheDir: string;
  readonly clock?: Clock;
  /** Most bytes of the mirror; 4 GiB unless told. */
  readonly mostBytes?: number;
}
export interface Wanted {
  /** Refs of the host beside the branches, such as the heads of pull requests; those that it lacks are left out. */
  readonly refs?: readonly string[];
  /** Commits by their full id, where the host gives what no ref leads to. */
  readonly commits?: readonly string[];
}

/** A bare copy of a repository elsewhere. Whatever the host does to its branches, commits that were fetched stay for two weeks at least. */
export interface Mirror {
  readonly path: string;
  /**
   * Bring all branches, and what else is wanted, up to date. One fetch runs at a time, across processes; those who ask meanwhile share the next one.
   *
   * @throws {SlipwayError} `BAD_REVISION`, `GIT_DENIED`, `GIT_UNREACHABLE`, `GIT_MOVED`, `REPO_TOO_LARGE`, `REPO_LOCKED`, `GIT_FAILED`.
   */
  fetch(wanted?: Wanted): Promise<void>;
  /** Make sure that a commit is here, fetching only when it is not. @throws {SlipwayError} `COMMIT_NOT_FOUND`. */
  ensure(commit: string, ref?: string): Promise<void>;
  /** Full id of a commit or branch that is here. @throws {SlipwayError} `COMMIT_NOT_FOUND`, `BAD_REVISION`. */
  resolve(revision: string): Promise<string>;
  /** Read-only files of a commit that is here. */
  checkout(range: { readonly commit: string; readonly base?: string }): Promise<Checkout>;
  /** Between where the two parted and `head`; renames with both names. */
  changedFiles(base: string, head: string): Promise<readonly ChangedFile[]>;
  mergeBase(left: string, right: string): Promise<string | undefined>;
  /** How many commits of `base` are not in `head`. */
  behindBy(base: string, head: string): Promise<number>;
  people(range: { readonly base?: string; readonly head: string }): Promise<readonly Person[]>;
  /** Every file of a commit that is here. */
  list(commit: string): Promise<ReadonlyMap<string, TreeFile>>;
  /** Bytes of a file that `list` has told. */
  blob(oid: string): Promise<Uint8Array>;
  /** Id of all files of a commit together. */
  treeId(commit: string): Promise<string>;
  fileIn(request: { readonly revision: string; readonly path: string; readonly mostBytes: number }): Promise<FileIn>;
}

const MOST_BYTES = 4 * 1024 ** 3;
const WATCH_MS = 1_000;
// oxlint-disable-next-line no-control-regex -- they are what is refused
const REF = /^refs\/(?!.*(?:\.\.|@\{|\/\/|\.lock(?:\/|$)))[^\u0000-\u0020\u007F~^:?*[\\]{1,250}$/u;
const BRANCHES = '+refs/heads/*:refs/heads/*';
/** Looking whether there is something to tidy is a process of its own, and fetches come with every run. */
const TIDY_MS = 60_000;
/** Under our lock nobody else packs; two weeks are git's own. */
const TIDY = ['gc.auto=5000', 'gc.autoPackLimit=40', 'gc.autoDetach=false', 'gc.pruneExpire=2.weeks.ago'];

/** Open the mirror of a repository; nothing is fetched yet. */
export async function openMirror(request: MirrorRequest): Promise<Mirror> {
  const { env, signal, clock = systemClock } = request;
  const context: GitContext = { env, signal };
  await mkdir(join(request.cacheDir, 'mirrors'), { recursive: true, mode: 0o700 });
  const cacheDir = await realpath(request.cacheDir);
  const path = join(cacheDir, 'mirrors', `remote-${createHash('sha256').update(request.name).digest('hex').slice(0, 16)}.git`);
  const place: Place = { path, context, clock, access: request.access, mostBytes: request.mostBytes ?? MOST_BYTES, tidiedAt: -Infinity };
  await withLock(`${path}.lock`, { clock, signal }, async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await git({ ...context, folder: path }, 'init', '--bare', '--quiet', '--template=', '.'); // safe to repeat
  });
  const queue = createQueue((wanted: Wanted) => fetchOnce(place, wanted), joined);
  return {
    path,
    fetch: async (wanted = {}) => queue(checked(wanted)),
    ensure: async (commit, ref) => {
      checked({ commits: [commit], ...(ref === undefined ? {} : { refs: [ref] }) });
      if (await has(place, commit)) return;
      if (ref !== undefined) await queue({ refs: [ref] });
      if (ref === undefined || !(await has(place, commit))) await queue({ commits: [commit] });
      if (!(await has(place, commit))) throw gone(commit);
    },
    resolve: (revision) => resolveCommit(path, revision, context),
    checkout: (range) => checkoutFrom(path, range, { cacheDir, clock, context }),
    changedFiles: (base, head) => changedFiles(path, { base, head, renames: true }, context),
    behindBy: async (base, head) => {
      const [from, to] = [await resolveCommit(path, head, context), await resolveCommit(path, base, context)];
      return Number(await git({ ...context, folder: path }, 'rev-list', '--count', `${from}..${to}`));
    },
    ...commitAnswers(path, context),
    list: (commit) => listTree(path, commit, context),
    blob: (oid) => gitBlob({ ...context, folder: path }, oid),
    fileIn: (asked) => fileIn(path, asked, context),
  };
}

interface Place {
  readonly path: string;
  readonly context: GitContext;
  readonly clock: Clock;
  readonly access: () => Promise<RemoteAccess>;
  readonly mostBytes: number;
  /** By the clock that only goes forward. */
  tidiedAt: number;
}

async function fetchOnce(place: Place, wanted: Wanted): Promise<void> {
  const { path, context, clock } = place;
  await withLock(`${path}.lock`, { clock, signal: context.signal }, async () => {
    const access = await place.access();
    try {
      await fetchAll(place, access, wanted);
    } catch (cause) {
      // Whoever was killed in the middle leaves locks of git behind; under our own lock nobody else has one.
      if (!(cause instanceof SlipwayError) || !/\.lock': File exists/.test(String(cause.cause))) throw cause;
      await removeLocks(path);
      await fetchAll(place, access, wanted);
    }
    if (clock.monotonic() - place.tidiedAt < TIDY_MS) return;
    await git({ ...context, folder: path, config: TIDY }, 'gc', '--auto', '--quiet');
    place.tidiedAt = clock.monotonic();
  });
}

/** All at once; when the host lacks something of it, the rest without that. */
async function fetchAll(place: Place, access: RemoteAccess, { refs = [], commits = [] }: Wanted): Promise<void> {
  const extras = [
    ...refs.map((ref) => `+${ref}:refs/slipway/${ref.replace(/^refs\//, '')}`),
    ...commits.map((commit) => `+${commit}:refs/slipway/commits/${commit}`),
  ];
  try {
    await fetchBounded(place, access, [BRANCHES, ...extras]);
  } catch (cause) {
    if (extras.length === 0 || !isLacking(cause)) throw cause;
    for (const spec of [BRANCHES, ...extras]) {
      await fetchBounded(place, access, [spec]).catch((again: unknown) => {
        if (spec === BRANCHES || !isLacking(again)) throw again;
      });
    }
  }
}

/** The host has no such ref, or does not give what no ref leads to. */
function isLacking(cause: unknown): boolean {
  return cause instanceof SlipwayError && cause.code === 'GIT_FAILED' && /couldn't find remote ref|not our ref|unadvertised object/i.test(String(cause.cause));
}

/** @throws {SlipwayError} `REPO_TOO_LARGE` as soon as it is. */
async function fetchBounded({ path, context, mostBytes }: Place, access: RemoteAccess, specs: readonly string[]): Promise<void> {
  const tooLarge = new AbortController();
  const watch = setInterval(() => {
    void sizeOf(path).then((bytes) => bytes > mostBytes && tooLarge.abort());
  }, WATCH_MS);
  const signal = context.signal ? AbortSignal.any([context.signal, tooLarge.signal]) : tooLarge.signal;
  const prune = specs.includes(BRANCHES) ? ['--prune'] : [];
  const flags = ['--quiet', ...prune, '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'];
  try {
    await gitRemote(access, { ...context, folder: path, signal }, 'fetch', ...flags, access.url, ...specs);
  } catch (cause) {
    if (!tooLarge.signal.aborted || context.signal?.aborted === true) throw cause;
    await removeHalfPacks(path);
    throw overLimit(mostBytes, cause);
  } finally {
    clearInterval(watch);
  }
  if ((await sizeOf(path)) > mostBytes) throw overLimit(mostBytes);
}

/** Nothing that git could take for an option or for two refs. @throws {SlipwayError} `BAD_REVISION`. */
function checked(wanted: Wanted): Wanted {
  const wrong = [...(wanted.refs ?? []).filter((ref) => !REF.test(ref)), ...(wanted.commits ?? []).filter((commit) => !FULL_ID.test(commit))];
  if (wrong.length === 0) return wanted;
  throw new SlipwayError('BAD_REVISION', `${wrong.map((each) => JSON.stringify(each.slice(0, 80))).join(' and ')} cannot be fetched`, { exitCode: EXIT.usage });
}

function joined(left: Wanted, right: Wanted): Wanted {
  const union = (a: readonly string[] = [], b: readonly string[] = []) => [...new Set([...a, ...b])];
  return { refs: union(left.refs, right.refs), commits: union(left.commits, right.commits) };
}

async function has({ path, context }: Place, commit: string): Promise<boolean> {
  try {
    return (await resolveCommit(path, commit, context)) === commit;
  } catch (cause) {
    if (cause instanceof SlipwayError && cause.code === 'COMMIT_NOT_FOUND') return false;
    throw cause;
  }
}

/** Bytes of packs, finished or not; loose objects are few. */
async function sizeOf(path: string): Promise<number> {
  const folder = join(path, 'objects', 'pack');
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function removeHalfPacks(path: string): Promise<void> {
  const folder = join(path, 'objects', 'pack');
  for (const name of (await readdir(folder)).filter((each) => each.startsWith('tmp_'))) await rm(join(folder, name), { force: true });
}

async function removeLocks(path: string): Promise<void> {
  const names = await readdir(path, { recursive: true });
  for (const name of names.filter((each) => each.endsWith('.lock'))) await rm(join(path, name), { force: true });
}

function overLimit(mostBytes: number, cause?: unknown): SlipwayError {
  return new SlipwayError('REPO_TOO_LARGE', `the repository is larger than ${mostBytes} bytes`, {
    hint: 'raise the limit of the server, or keep large files elsewhere',
    ...(cause === undefined ? {} : { cause }),
  });
}
function gone(commit: string, cause?: unknown): SlipwayError {
  return new SlipwayError('COMMIT_NOT_FOUND', `the host has no commit ${commit}`, {
    hint: 'its branch was probably replaced; look at the new head',
    ...(cause === undefined ? {} : { cause }),
  });
}
