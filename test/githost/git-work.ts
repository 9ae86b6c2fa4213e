import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HostUser } from '../../src/githost/index.ts';
import type { Change } from './site.ts';

const ADA = { name: 'Ada', email: 'ada@example.org' };

/** A clone in which people work: changes become commits and are pushed. A text `->x` makes a link to x. */
export function createWork(remote: (fork: HostUser | undefined) => string): { commit(change: Change): string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-work-'));
  const git = (env: object, ...args: string[]) =>
    execFileSync('git', args, {
      cwd: dir,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: dir, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  git({}, 'init', '--quiet', '--initial-branch=none');
  return {
    commit: ({ branch, files = {}, remove = [], rename = [], author = ADA, committer = author, fork, force = false }) => {
      const from = remote(fork);
      const has = git({}, 'ls-remote', '--heads', from, branch) !== '';
      const start = has && !force ? branch : 'main';
      git({}, 'fetch', '--quiet', from, `+refs/heads/${start}:refs/remotes/work`);
      git({}, 'checkout', '--quiet', '--force', '--detach', 'refs/remotes/work');
      for (const [old, now] of rename) {
        mkdirSync(dirname(join(dir, now)), { recursive: true });
        git({}, 'mv', old, now);
      }
      for (const path of remove) git({}, 'rm', '--quiet', path);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        if (text.startsWith('->')) symlinkSync(text.slice(2), join(dir, path));
        else writeFileSync(join(dir, path), text);
      }
      git({}, 'add', '--all');
      const who = { GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email, GIT_COMMITTER_NAME: committer.name, GIT_COMMITTER_EMAIL: committer.email };
      git(who, 'commit', '--quiet', '--allow-empty', '-m', `change ${branch}`);
      git({}, 'push', '--quiet', ...(force ? ['--force'] : []), from, `HEAD:refs/heads/${branch}`);
      return git({}, 'rev-parse', 'HEAD');
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
