import { type SimpleGit, simpleGit } from 'simple-git';
import { EXIT, messageOf, type Secret, SlipwayError } from '../core/index.ts';

/** Nothing a repository configures may run: no hook, no file-system monitor, no helper, no transport but local files. */
const QUIET = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'core.longPaths=true',
  'credential.helper=',
  'protocol.allow=never',
  'protocol.file.allow=always',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'gc.auto=0',
  'maintenance.auto=false',
];

/** What every call needs from outside. */
export interface GitContext {
  /** Environment variables; only PATH and HOME reach git. */
  readonly env: { readonly [name: string]: string | undefined };
  readonly signal?: AbortSignal | undefined;
}
/** Where git runs and what bounds it. */
export interface GitPlace extends GitContext {
  readonly folder: string;
  /** Settings beside the quiet ones, `name=value`. Everybody on the machine can read them while git runs. */
  readonly config?: readonly string[];
  /** Settings that nobody else may read; they travel in the environment. */
  readonly secretConfig?: readonly (readonly [name: string, value: Secret])[];
  /** Who writes a commit, and when (milliseconds since the epoch). */
  readonly identity?: { readonly name: string; readonly email: string; readonly at: number };
  /** Work tree and index when `folder` is a bare repository. */
  readonly workTree?: { readonly path: string; readonly index: string };
}

const BLOCK_MS = 10 * 60_000;

/** Run git with a list of arguments; what it prints. No `GIT_*` variable of this process reaches it. */
export async function git(place: GitPlace, ...args: string[]): Promise<string> {
  const { workTree } = place;
  const prefix = workTree ? [`--work-tree=${workTree.path}`] : [];
  return attempt(place, args[0] ?? '', (client) => client.raw([...prefix, ...args]));
}

/** Content of an object, byte by byte. */
export async function gitBlob(place: GitPlace, oid: string): Promise<Uint8Array> {
  // With this command simple-git gives bytes, which its types do not say.
  const content: unknown = await attempt(place, 'cat-file', (client) => client.binaryCatFile(['blob', oid]));
  if (content instanceof Uint8Array) return content;
  throw new SlipwayError('GIT_FAILED', 'git cat-file gave no bytes');
}

async function attempt<T>(place: GitPlace, command: string, run: (client: SimpleGit) => PromiseLike<T>): Promise<T> {
  try {
    return await run(client(place));
  } catch (cause) {
    place.signal?.throwIfAborted();
    throw failure(command, cause);
  }
}

function client({ folder, env, signal, config = [], secretConfig = [], identity, workTree }: GitPlace): SimpleGit {
  const own: Record<string, string> = {
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LFS_SKIP_SMUDGE: '1',
    ...(workTree ? { GIT_INDEX_FILE: workTree.index } : {}),
    ...secretVariables(secretConfig),
    ...(identity ? identityVariables(identity) : {}),
  };
  return simpleGit({
    baseDir: folder,
    ...(signal ? { abort: signal } : {}),
    config: [...QUIET, ...config],
    timeout: { block: BLOCK_MS },
    allowEnvironment: Object.keys(own),
    // These permit the settings above, all of which switch something off; no argument comes from a file or a network.
    unsafe: {
      allowUnsafeHooksPath: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeCredentialHelper: true,
      allowUnsafeProtocolOverride: true,
      allowUnsafeFilter: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeTemplateDir: true,
      allowUnsafeConfigEnvCount: true,
    },
  }).env({ PATH: env['PATH'] ?? '', HOME: env['HOME'] ?? '', LC_ALL: 'C', ...own });
}

/** git reads settings from these, and hands them to no other repository. */
function secretVariables(settings: NonNullable<GitPlace['secretConfig']>): Record<string, string> {
  if (settings.length === 0) return {};
  const pairs = settings.flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, value.reveal()],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(pairs) };
}

function identityVariables({ name, email, at }: NonNullable<GitPlace['identity']>): Record<string, string> {
  const date = `@${Math.floor(at / 1_000)} +0000`;
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
}

function failure(command: string, cause: unknown): SlipwayError {
  const text = messageOf(cause).trim();
  if (/ENOENT/.test(text)) return new SlipwayError('GIT_MISSING', 'git is not installed', { hint: 'install git 2.30 or later', cause });
  if (/dubious ownership/.test(text)) {
    return new SlipwayError('GIT_OWNER', 'the repository belongs to somebody else, and git refuses to read it', {
      hint: 'run as its owner, or allow it with "git config --global --add safe.directory <folder>"',
      cause,
    });
  }
  if (/not a git repository/i.test(text)) return notARepository(cause);
  return new SlipwayError('GIT_FAILED', `git ${command} failed: ${text.split('\n')[0] ?? ''}`, { cause });
}

function notARepository(cause: unknown): SlipwayError {
  return new SlipwayError('NOT_A_REPOSITORY', 'this folder is not in a git repository', {
    hint: 'run "git init", add your runbooks and commit them',
    exitCode: EXIT.usage,
    cause,
  });
}
