import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, packageDir } from './config/index.ts';
import { EXIT, SlipwayError } from './core/index.ts';
import type { RemoteEngine } from './engine/index.ts';

/** The engine on a server that the settings name. Its packages are large and are loaded only here. @throws {SlipwayError} `ENGINE_MISSING`. */
export async function remoteEngine({ engine, cacheDir }: Config): Promise<RemoteEngine> {
  if (engine.kind === 'local') throw new TypeError('no engine on a server is configured');
  const { kind: _temporal, ...settings } = engine;
  try {
    const { openTemporal } = await import('./engine/temporal/index.ts');
    return openTemporal({ settings, cacheDir });
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new SlipwayError('ENGINE_MISSING', 'SLIPWAY_ENGINE is temporal, and the packages of Temporal are not installed', {
      cause,
      exitCode: EXIT.usage,
      hint: `npm install ${packages().join(' ')}`,
    });
  }
}

/** The versions this Slipway works with; package.json is the only place that states them. */
function packages(): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { peerDependencies: { [name: string]: string } }; // our own file
  return Object.entries(manifest.peerDependencies).map(([name, version]) => `${name}@${version}`);
}
