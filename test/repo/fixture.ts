import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeTree } from '../../src/repo/tree.ts';

/** A real repository in a temporary folder, with a cache beside it. */
export interface Fixture extends AsyncDisposable {
  readonly top: string;
  readonly repository: string;
  readonly cacheDir: string;
  readonly env: { readonly [name: string]: string | undefined };
  write(path: string, text: string): void;
  git(...args: string[]): string;
  /** Commit everything; the new commit's id. */
  commit(message: string, author?: string): string;
}

export function makeRepository({ init = true } = {}): Fixture {
  const top = mkdtempSync(join(tmpdir(), 'slipway-repo-'));
  const repository = join(top, 'estate');
  mkdirSync(repository);
  const env = { PATH: process.env['PATH'], HOME: top };
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: repository, env: { ...env, GIT_CONFIG_NOSYSTEM: '1' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  };
  if (init) {
    git('init', '--quiet', '--initial-branch=main');
    git('config', 'user.name', 'Ada');
    git('config', 'user.email', 'ada@example.org');
  }
  return {
    top,
    repository,
    cacheDir: join(top, 'cache'),
    env,
    write,
    git,
    commit: (message, author) => {
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', message, ...(author ? ['--author', author] : []));
      return git('rev-parse', 'HEAD');
    },
    [Symbol.asyncDispose]: async () => {
      await removeTree(top);
      await rm(top, { recursive: true, force: true });
    },
  };
}
