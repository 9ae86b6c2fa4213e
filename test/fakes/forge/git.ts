import { execFileSync } from 'node:child_process';

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

/** Id of a commit, branch or tag. */
export function commitAt(folder: string, revision: string): string | undefined {
  return tryGit(folder, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`)?.trim();
}

export function countBetween(folder: string, from: string, to: string): number {
  return Number(gitIn(folder, 'rev-list', '--count', `${from}..${to}`));
}

export interface GitCommit {
  readonly sha: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly committer: { readonly name: string; readonly email: string };
}
/** Oldest first. */
export function commitsBetween(folder: string, from: string, to: string): readonly GitCommit[] {
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
  const text = tryGit(folder, 'merge-tree', '--write-tree', '--no-messages', base, head);
  return text !== undefined && /^[0-9a-f]+\n?$/.test(text) ? text.trim() : undefined;
}

export function entryAt(folder: string, commit: string, path: string): { readonly type: 'blob' | 'tree'; readonly bytes: Buffer } | undefined {
  const type = tryGit(folder, 'cat-file', '-t', `${commit}:${path}`)?.trim();
  if (type !== 'blob' && type !== 'tree') return undefined;
  const bytes = execFileSync('git', ['cat-file', type, `${commit}:${path}`], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  return { type, bytes };
}
