import { setTimeout as delay } from 'node:timers/promises';
import { provider } from '@pulumi/pulumi';
import { mendReads } from './mend.ts';
import { createProvider } from './provider.ts';
import { openWorld } from './world.ts';

/** Entry of a stand-in plugin: `plugin.ts <provider> <version> <folder of the world> <engine address>`; the engine starts it. */
async function serve(name: string, version: string, dir: string, rest: readonly string[]): Promise<void> {
  const aws = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'eu-central-1';
  const region = name === 'aws' ? aws : (process.env['SLIPWAY_AZURE_LOCATION'] ?? 'westeurope').toLowerCase().replaceAll(' ', '');
  const sleep = async (ms: number, signal: AbortSignal) => {
    if (ms > 0) await delay(ms, undefined, { signal });
  };
  const world = openWorld(dir, () => Date.now());
  await provider.main(createProvider({ provider: name, version, region, world, sleep }), [...rest]);
}

mendReads();
const [name = '', version = '', dir = '', ...rest] = process.argv.slice(2);
await serve(name, version, dir, rest);
