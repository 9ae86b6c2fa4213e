import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a host asks git about its bare repositories. */
export function gitIn(folder: string, ...args: string[]): string {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'host',
    GIT_AUTHOR_EMAIL: 'host@example.org',
    GIT_COMMITTER_NAME: 'host',
    GIT_COMMITTER_EMAIL: 'host@example.org',
  };
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 });
}

/** Undefined when git says no. */
export function tryGit(folder: string, ...args: string[]): string | undefined {
  try {
    return gitIn(folder, ...args);
  } catch {
    return undefined;
  }
}

const FULL_ID = /^[0-9a-f]{40}$/;
const answers = new Map<string, unknown>();

/** What follows from commits alone is asked of git once: a test asks often, and each time is a process. */
function once<T>(key: readonly string[], ask: () => T): T {
  const name = key.join(' ');
  if (!key.slice(2).every((id) => FULL_ID.test(id))) return ask();
  if (!answers.has(name)) answers.set(name, ask());
  return answers.get(name) as T; // what was asked under this name before
}

/** A branch as a file says it; undefined when it is packed, or not there. */
function looseRef(folder: string, revision: string): string | undefined {
  try {
    const text = readFileSync(join(folder, revision), 'utf8').trim();
    return FULL_ID.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Id of a commit, branch or tag. */
export function commitAt(folder: string, revision: string): string | undefined {
  const loose = revision.startsWith('refs/heads/') ? looseRef(folder, revision) : undefined;
  if (loose !== undefined) return loose;
  return tryGit(folder, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`)?.trim();
}

/** Full ids, so that the answer stays what it is. */
function pinned(folder: string, ...revisions: readonly string[]): readonly string[] {
  return revisions.map((each) => (FULL_ID.test(each) ? each : (commitAt(folder, each) ?? each)));
}

export function countBetween(folder: string, from: string, to: string): number {
  const [old = from, now = to] = pinned(folder, from, to);
  return once([folder, 'count', old, now], () => Number(gitIn(folder, 'rev-list', '--count', `${old}..${now}`)));
}

export interface GitCommit {
  readonly sha: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly committer: { readonly name: string; readonly email: string };
}
/** Oldest first. */
export function commitsBetween(folder: string, from: string, to: string): readonly GitCommit[] {
  const [old = from, now = to] = pinned(folder, from, to);
  return once([folder, 'commits', old, now], () => listCommits(folder, old, now));
}

function listCommits(folder: string, from: string, to: string): readonly GitCommit[] {
  const text = gitIn(folder, 'log', '--reverse', '-z', '--format=%H%x01%an%x01%ae%x01%cn%x01%ce', `${from}..${to}`);
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [sha = '', an = '', ae = '', cn = '', ce = ''] = line.split('\x01');
      return { sha, author: { name: an, email: ae }, committer: { name: cn, email: ce } };
    });
}

export interface GitChange {
  readonly letter: 'A' | 'M' | 'D' | 'R';
  readonly path: string;
  readonly previous: string;
}
export function changesBetween(folder: string, from: string, to: string): readonly GitChange[] {
  const base = gitIn(folder, 'merge-base', from, to).trim();
  const fields = gitIn(folder, 'diff-tree', '-r', '-z', '--find-renames', '--name-status', base, to).split('\0');
  const changes: GitChange[] = [];
  for (let index = 0; index + 1 < fields.length;) {
    const letter = (fields[index] ?? '').slice(0, 1) as GitChange['letter']; // git writes no other here
    const isRename = letter === 'R';
    changes.push({ letter, path: fields[index + (isRename ? 2 : 1)] ?? '', previous: fields[index + 1] ?? '' });
    index += isRename ? 3 : 2;
  }
  return changes;
}

/** Tree of the merge; undefined when it conflicts. */
export function mergedTree(folder: string, base: string, head: string): string | undefined {
  const [onto = base, merged = head] = pinned(folder, base, head);
  const text = once([folder, 'merge', onto, merged], () => tryGit(folder, 'merge-tree', '--write-tree', '--no-messages', onto, merged));
  return text !== undefined && /^[0-9a-f]+\n?$/.test(text) ? text.trim() : undefined;
}

export function entryAt(folder: string, commit: string, path: string): { readonly type: 'blob' | 'tree'; readonly bytes: Buffer } | undefined {
  const type = tryGit(folder, 'cat-file', '-t', `${commit}:${path}`)?.trim();
  if (type !== 'blob' && type !== 'tree') return undefined;
  const bytes = execFileSync('git', ['cat-file', type, `${commit}:${path}`], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  return { type, bytes };
}
