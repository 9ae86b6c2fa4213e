import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../core/index.ts';
import type { Config } from './types.ts';

export type ToolName = 'pulumi' | 'opa';
/** A tool of the right version, or why there is none. */
export type FoundTool =
  | { readonly found: true; readonly path: string; readonly version: string; readonly from: 'path' | 'cache' }
  | { readonly found: false; readonly version: string; readonly why: string; readonly hint: string };
/** Standard output of a program, or undefined when it cannot be run. */
export type RunTool = (file: string, args: readonly string[]) => Promise<string | undefined>;
type Places = Pick<Config, 'cacheDir'> & { readonly children: Pick<Config['children'], 'base' | 'clouds'> };

const HINT = 'run "npm run setup" in the slipway checkout, or install that version and put it on PATH';

/** Absolute path of the package: the folder with package.json, both for sources and for the built files. */
export const packageDir = join(import.meta.dirname, '..', '..');

/** The versions this Slipway works with; tools/versions.json is the only place that states them. */
export function toolVersion(name: ToolName): string {
  const versions = JSON.parse(readFileSync(join(packageDir, 'tools', 'versions.json'), 'utf8')) as Record<ToolName, { version: string }>; // our own file
  return versions[name].version;
}

/** Find a tool: on PATH when its version is right, else in the user's cache where setup puts it. */
export async function findTool(name: ToolName, places: Places, run: RunTool = programs(places)): Promise<FoundTool> {
  const version = toolVersion(name);
  const onPath = (places.children.base['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder || '.', name))
    .find(isProgram);
  const versionOnPath = onPath === undefined ? undefined : versionIn(await run(onPath, ['version']));
  if (onPath !== undefined && versionOnPath === version) return { found: true, path: onPath, version, from: 'path' };
  const cached = join(places.cacheDir, 'tools', `${name}-${version}`, name);
  if (isProgram(cached)) return { found: true, path: cached, version, from: 'cache' };
  const other = onPath === undefined ? 'it is neither on PATH nor in the cache' : `PATH has ${versionOnPath ?? 'one that does not run'}`;
  return { found: false, version, why: `${name} ${version} is needed, and ${other}`, hint: HINT };
}

/**
 * Absolute paths of the tools.
 *
 * @throws {SlipwayError} `TOOL_MISSING` with all that are missing.
 */
export async function toolPaths(places: Places, run: RunTool = programs(places)): Promise<{ readonly [name in ToolName]: string }> {
  const [pulumi, opa] = await Promise.all([findTool('pulumi', places, run), findTool('opa', places, run)]);
  if (pulumi.found && opa.found) return { pulumi: pulumi.path, opa: opa.path };
  const why = [pulumi, opa].flatMap((tool) => (tool.found ? [] : [tool.why])).join('; ');
  throw new SlipwayError('TOOL_MISSING', why, { hint: HINT, exitCode: 2 });
}

const execFileAsync = promisify(execFile);

function programs({ children }: Places): RunTool {
  const env = { ...children.base, PULUMI_SKIP_UPDATE_CHECK: 'true' };
  return async (file, args) => {
    try {
      return (await execFileAsync(file, args, { timeout: 10_000, env })).stdout;
    } catch {
      return undefined; // a program that cannot say its version is not the one we look for
    }
  };
}

function versionIn(output: string | undefined): string | undefined {
  return /(?:^v|^Version:\s*v?)(\d+\.\d+\.\d+\S*)/m.exec(output ?? '')?.[1];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
