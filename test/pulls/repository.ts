import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Mirror, openMirror } from '../../src/repo/index.ts';

/** `undefined` removes a file; `->x` makes a link to x. */
export interface Files {
  readonly [path: string]: string | undefined;
}
/** A repository on disk and the mirror that Slipway would have of it. */
export interface Played extends AsyncDisposable {
  readonly folder: string;
  readonly mirror: Mirror;
  /** A commit on top of the last one, or of another; the mirror has it. */
  commit(files: Files, from?: string): Promise<string>;
  /** A branch is somewhere else from now on. */
  move(branch: string, commit: string): void;
}

export async function openPlayed(): Promise<Played> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-pulls-'));
  const folder = join(dir, 'repository');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-C', folder, ...args], { encoding: 'utf8' }).trim();
  mkdirSync(folder);
  git('init', '--quiet', '--initial-branch=main');
  const mirror = await openMirror({
    name: 'played',
    access: async () => ({ url: pathToFileURL(folder).href }),
    cacheDir: join(dir, 'cache'),
    env: process.env,
  });
  return {
    folder,
    mirror,
    commit: async (files, from) => {
      if (from !== undefined) git('checkout', '--quiet', '--detach', from);
      writeFiles(folder, files);
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', 'change');
      const sha = git('rev-parse', 'HEAD');
      git('branch', '--force', `at-${sha.slice(0, 12)}`, sha);
      await mirror.fetch();
      return sha;
    },
    move: (branch, commit) => void git('branch', '--force', branch, commit),
    [Symbol.asyncDispose]: async () => {
      execFileSync('chmod', ['-R', 'u+w', dir]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    const full = join(folder, path);
    rmSync(full, { force: true });
    if (text === undefined) continue;
    mkdirSync(dirname(full), { recursive: true });
    if (text.startsWith('->')) symlinkSync(text.slice(2), full);
    else writeFileSync(full, text);
  }
}
