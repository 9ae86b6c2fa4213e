import { homedir } from 'node:os';
import { join } from 'node:path';
import { findTool, type ToolName } from '../../src/config/index.ts';

/**
 * Where a tool of the right version is: on PATH, else in the cache where setup puts it, the same places as at run time.
 *
 * @throws {Error} when it is in neither.
 */
export async function toolPath(name: ToolName): Promise<string> {
  const { PATH = '', HOME = homedir(), XDG_CACHE_HOME = join(HOME, '.cache') } = process.env;
  const tool = await findTool(name, { cacheDir: join(XDG_CACHE_HOME, 'slipway'), children: { base: { PATH, HOME }, clouds: {} } });
  if (tool.found) return tool.path;
  throw new Error(`${tool.why}; ${tool.hint}`);
}
