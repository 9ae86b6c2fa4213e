import type { Config } from './config/index.ts';
import type { RemoteEngine } from './engine/index.ts';

/** The engine on a server that the settings name. Its packages are large, and loaded only here. */
export async function remoteEngine({ engine, cacheDir }: Config): Promise<RemoteEngine> {
  if (engine.kind === 'local') throw new TypeError('no engine on a server is configured');
  const { kind: _temporal, ...settings } = engine;
  const { openTemporal } = await import('./engine/temporal/index.ts');
  return openTemporal({ settings, cacheDir });
}
