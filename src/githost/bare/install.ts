import { accessSync, chmodSync, constants, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT, randomText, type Secret, SlipwayError } from '../../core/index.ts';
import { isBareRepo } from '../names.ts';
import { isSafeAddress } from '../settings.ts';
import type { HookConfig, Sent } from './post-receive.ts';

export interface HookRequest extends HookConfig {
  /** Folder of the bare repository. */
  readonly folder: string;
  readonly secret: Secret;
}
export interface Installed {
  readonly hook: string;
  /** What the person still has to do, when another hook stands there. */
  readonly todo?: string;
}

/** Constant: what is particular lies in files beside it, so that no text of ours becomes shell. */
const WRAPPER = `#!/bin/sh
# Written by "slipway hook install": tells Slipway of every push, and never holds one up.
exec "$GIT_DIR/slipway/node" "$GIT_DIR/slipway/post-receive.mts"
`;
const LEAST_SECRET = 16;

/**
 * Write the hook that tells Slipway of pushes into a bare repository. Safe to repeat: that is how address and secret are changed. A hook of somebody else stays.
 *
 * @throws {SlipwayError} `HOOK_USAGE` with all that is wrong, `HOOK_FOLDER`.
 */
export function installHook(request: HookRequest, node: string): Installed {
  requireSound(request);
  const folder = gitFolder(request.folder);
  const own = join(folder, 'slipway');
  mkdirSync(join(own, 'spool'), { recursive: true, mode: 0o700 });
  chmodSync(own, 0o700);
  const script = program();
  const wrapper = WRAPPER.replace('post-receive.mts', script.as);
  copyFileSync(script.from, join(own, script.as));
  linkTo(node, join(own, 'node'));
  write(join(own, 'secret'), request.secret.reveal(), 0o600);
  write(join(own, 'config.json'), JSON.stringify({ url: request.url, repository: request.repository }), 0o600);
  const hook = join(folder, 'hooks', 'post-receive');
  mkdirSync(join(folder, 'hooks'), { recursive: true });
  const present = existsSync(hook) ? readFileSync(hook, 'utf8') : undefined;
  if (present === undefined || present.includes('slipway hook install')) {
    write(hook, wrapper, 0o755);
    return { hook };
  }
  const ours = join(folder, 'hooks', 'slipway-post-receive');
  write(ours, wrapper, 0o755);
  return { hook: ours, todo: `${hook} is another hook; let it hand its standard input to "$GIT_DIR/hooks/slipway-post-receive" as well` };
}

/** Take our hook away again; what waits in the spool goes with it. */
export function removeHook(path: string): void {
  const folder = gitFolder(path);
  for (const name of ['post-receive', 'slipway-post-receive']) {
    const hook = join(folder, 'hooks', name);
    if (existsSync(hook) && readFileSync(hook, 'utf8').includes('slipway hook install')) rmSync(hook);
  }
  rmSync(join(folder, 'slipway'), { recursive: true, force: true });
}

/** Send what waits in the spool of a repository. @throws {SlipwayError} `HOOK_FOLDER` when there is no hook. */
export async function sendHook(path: string): Promise<Sent> {
  const own = join(gitFolder(path), 'slipway');
  if (!existsSync(join(own, 'config.json'))) throw notThere(path, 'has no hook of Slipway', 'slipway hook install');
  const { sendWaiting } = await import('./post-receive.ts');
  return sendWaiting(own);
}

/** Sources are TypeScript, which Node runs as it is; what is published is JavaScript. */
function program(): { readonly from: string; readonly as: string } {
  const [ts, js] = [join(import.meta.dirname, 'post-receive.ts'), join(import.meta.dirname, 'post-receive.js')];
  return existsSync(ts) ? { from: ts, as: 'post-receive.mts' } : { from: js, as: 'post-receive.mjs' };
}

function requireSound({ url, repository, secret }: HookRequest): void {
  const wrong = [
    isSafeAddress(url) ? '' : `"${url.slice(0, 200)}" is not an https address (http is accepted only for this machine)`,
    isBareRepo(repository) ? '' : `"${repository.slice(0, 80)}" cannot name a repository`,
    secret.reveal().length >= LEAST_SECRET && !/[\r\n]/.test(secret.reveal()) ? '' : `the secret must be one line of at least ${LEAST_SECRET} characters`,
  ].filter((each) => each !== '');
  if (wrong.length > 0) throw new SlipwayError('HOOK_USAGE', wrong.join('; '), { exitCode: EXIT.usage });
}

/** Of a bare repository; git has the same three things in every one. */
function gitFolder(path: string): string {
  const folder = resolve(path);
  const isThere = ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(folder, name)));
  if (!isThere) throw notThere(path, 'is not a bare repository', 'give the folder that holds HEAD, objects and refs');
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new SlipwayError('HOOK_FOLDER', `${path} cannot be written`, { hint: 'run as the account that receives pushes', exitCode: EXIT.usage, cause });
  }
  return folder;
}

function linkTo(target: string, link: string): void {
  const half = `${link}.${randomText(8)}`;
  symlinkSync(target, half);
  renameSync(half, link);
}

function write(path: string, text: string, mode: number): void {
  const half = `${path}.${randomText(8)}`;
  writeFileSync(half, text, { mode });
  chmodSync(half, mode);
  renameSync(half, path);
}

function notThere(path: string, why: string, hint: string): SlipwayError {
  return new SlipwayError('HOOK_FOLDER', `${path} ${why}`, { hint, exitCode: EXIT.usage });
}
