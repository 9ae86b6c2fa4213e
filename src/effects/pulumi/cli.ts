import { join } from 'node:path';
import { EXIT, SlipwayError } from '../../core/index.ts';
import { findTool } from '../../config/index.ts';

/** An installed Pulumi command. */
export interface PulumiCli {
  /** Absolute path of the executable. */
  readonly path: string;
  /** For example `3.245.0`. */
  readonly version: string;
}

/**
 * Find the Pulumi command of the version this Slipway is made for: on PATH, else where setup puts it.
 *
 * @param env reads PATH, XDG_CACHE_HOME and HOME.
 * @throws {SlipwayError} `PULUMI_CLI_MISSING`.
 */
export async function findPulumi(env: { readonly [name: string]: string | undefined }): Promise<PulumiCli> {
  const cacheDir = join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? '', '.cache'), 'slipway');
  const tool = await findTool('pulumi', { cacheDir, children: { base: { PATH: env['PATH'] ?? '' }, clouds: {} } });
  if (tool.found) return { path: tool.path, version: tool.version };
  throw new SlipwayError('PULUMI_CLI_MISSING', tool.why, { hint: tool.hint, exitCode: EXIT.usage });
}
