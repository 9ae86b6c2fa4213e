import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../../core/index.ts';

/** The version of Pulumi that this version of Slipway is made and tested for; the same as of the npm package. */
export const PULUMI_VERSION = '3.245.0';

/** An installed Pulumi command. */
export interface PulumiCli {
  /** Absolute path of the executable. */
  readonly path: string;
  /** For example `3.245.0`. */
  readonly version: string;
}

const exec = promisify(execFile);

/**
 * Find the Pulumi command: on PATH when it has the right version, else where `setup` installs it.
 *
 * @param env reads PATH, XDG_CACHE_HOME and HOME.
 * @throws {SlipwayError} `PULUMI_CLI_MISSING`.
 */
export async function findPulumi(env: { readonly [name: string]: string | undefined }): Promise<PulumiCli> {
  const name = process.platform === 'win32' ? 'pulumi.exe' : 'pulumi';
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable);
  if (onPath !== undefined && (await versionOf(onPath)) === PULUMI_VERSION) return { path: onPath, version: PULUMI_VERSION };
  const cache = env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? '', '.cache');
  const cached = join(cache, 'slipway', 'tools', `pulumi-${PULUMI_VERSION}`, name);
  if (isExecutable(cached)) return { path: cached, version: PULUMI_VERSION };
  const found = onPath === undefined ? 'the pulumi command is not installed' : `${onPath} is not version ${PULUMI_VERSION}`;
  throw new SlipwayError('PULUMI_CLI_MISSING', found, { hint: `run the setup script, or put Pulumi ${PULUMI_VERSION} on PATH` });
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await exec(path, ['version'], { env: { PULUMI_SKIP_UPDATE_CHECK: 'true' }, timeout: 30_000 });
    return stdout.trim().replace(/^v/, '');
  } catch {
    return undefined; // not runnable here: as good as not there
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
