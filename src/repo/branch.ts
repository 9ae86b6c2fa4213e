import { lstat, mkdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { type Clock, EXIT, Secret, SlipwayError, systemClock } from '../core/index.ts';
import { resolveCommit } from './commits.ts';
import { git, type GitContext, type GitPlace } from './git.ts';
import { withLock } from './lock.ts';

/** Where a repository comes from: a folder of this machine, or an address that git reads over HTTPS. */
export type BranchSource =
  | { readonly folder: string }
  | {
      /** Without credentials. */
      readonly url: string;
      /** Value of the `Authorization` header. */
      readonly authorization?: Secret;
      readonly caFile?: string;
    };
export interface BranchRequest extends GitContext {
  readonly source: BranchSource;
  readonly branch: string;
  /** Ours alone: a repository without work tree that follows the branch. */
  readonly clone: string;
  readonly clock?: Clock;
}

const BRANCH = /^(?![-./])(?!.*(?:\.\.|@\{|\/\/|\.lock(?:\/|$)))[A-Za-z0-9._/+-]{1,200}(?<![./])$/;

/**
 * Bring the newest commit of a branch here and say which it is. Nothing of the repository is executed.
 *
 * @returns folder to give to `openCheckout`, and the full id of the commit.
 * @throws {SlipwayError} `BAD_REVISION`, `BAD_SOURCE`, `NOT_A_REPOSITORY`, `GIT_MISSING`, `GIT_FAILED`, `REPO_LOCKED`.
 */
export async function fetchBranch(request: BranchRequest): Promise<{ readonly repository: string; readonly commit: string }> {
  const { clone, branch, source, signal, env } = request;
  if (!BRANCH.test(branch))
    throw new SlipwayError('BAD_REVISION', `"${branch}" is not the name of a branch`, { exitCode: EXIT.usage, hint: 'use its short name, such as main' });
  const address = addressOf(source);
  const reference = `refs/remotes/origin/${branch}`;
  await mkdir(clone, { recursive: true, mode: 0o700 });
  const place: GitPlace = { env, signal, folder: clone };
  await withLock(`${clone}.lock`, { clock: request.clock ?? systemClock, signal }, async () => {
    const exists = await lstat(join(clone, '.git')).catch(() => undefined);
    if (!exists) await git(place, 'init', '--quiet', '--template=', '.');
    const from = { ...place, ...transportOf(source) };
    const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--end-of-options'];
    await git(from, 'fetch', ...options, address, `+refs/heads/${branch}:${reference}`);
  });
  return { repository: clone, commit: await resolveCommit(clone, reference, { env, signal }) };
}

function addressOf(source: BranchSource): string {
  if ('folder' in source) {
    if (isAbsolute(source.folder)) return source.folder;
    throw badSource(`"${source.folder}" is not an absolute path`);
  }
  const url = URL.canParse(source.url) ? new URL(source.url) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname));
  if (!url || !isSafe || url.username !== '' || url.password !== '')
    throw badSource('a repository is read over https, from an address without user and password');
  return url.href;
}

function badSource(message: string): SlipwayError {
  return new SlipwayError('BAD_SOURCE', message, { exitCode: EXIT.usage, hint: 'credentials belong to the settings of the host' });
}

/** Only what this source needs is allowed; a redirect must not carry the credentials elsewhere. */
function transportOf(source: BranchSource): Pick<GitPlace, 'config' | 'secretConfig'> {
  if ('folder' in source) return {};
  const { authorization, caFile } = source;
  const protocol = new URL(source.url).protocol.replace(':', '');
  return {
    config: [`protocol.${protocol}.allow=always`, 'http.followRedirects=false', ...(caFile === undefined ? [] : [`http.sslCAInfo=${caFile}`])],
    ...(authorization ? { secretConfig: [['http.extraHeader', new Secret(`Authorization: ${authorization.reveal()}`)]] } : {}),
  };
}
