import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonObject, SlipwayError } from '../../core/index.ts';
import type { RunPulumi } from './command.ts';
import { textOf } from './deployment.ts';
import { exportStack } from './export.ts';
import { configText } from './program.ts';
import type { Deployment, Request } from './protocol.ts';

/** Write the project file that every command of Pulumi looks for. JSON is YAML. */
export function writeProject({ workDir, project }: Request): void {
  writeFileSync(join(workDir, 'Pulumi.yaml'), JSON.stringify({ name: project, runtime: 'nodejs' }), { mode: 0o600 });
}

/**
 * Make sure that the stack exists, and write exactly the configuration of the request for it.
 *
 * @param before state of the stack; undefined when it does not exist.
 */
export async function prepareStack(run: RunPulumi, request: Request, before: Deployment | undefined): Promise<void> {
  const deployment = before ?? (await createStack(run, request));
  const settings = { ...encryptionOf(deployment), config: plainConfig(request) };
  writeFileSync(join(request.workDir, `Pulumi.${request.stack}.yaml`), JSON.stringify(settings), { mode: 0o600 });
  await setProviderSecrets(run, request);
}

async function createStack(run: RunPulumi, request: Request): Promise<Deployment | undefined> {
  const provider = request.secretsProvider === undefined ? [] : ['--secrets-provider', request.secretsProvider];
  await run(['stack', 'init', '--non-interactive', ...provider, '--', request.stack], { cwd: request.workDir });
  return exportStack(run, request);
}

/** What makes Pulumi read the secrets of the state: the salt, or the key that the cloud encrypted. */
function encryptionOf(deployment: Deployment | undefined): JsonObject {
  const provider = deployment?.secretsProviders;
  if (provider?.type === 'passphrase') return { encryptionsalt: textOf(provider.state['salt']) };
  if (provider?.type === 'cloud') return { secretsprovider: textOf(provider.state['url']), encryptedkey: textOf(provider.state['encryptedkey']) };
  return {};
}

function plainConfig({ config }: Request): JsonObject {
  const plain = Object.entries(config).filter(([, { secret }]) => !secret);
  return Object.fromEntries(plain.map(([key, { value }]) => [key, typeof value === 'object' && value !== null ? value : configText(value)]));
}

/** Secrets of providers are read by the engine, so Pulumi must store them; they go in through standard input. */
async function setProviderSecrets(run: RunPulumi, { project, config, stack, workDir }: Request): Promise<void> {
  const foreign = Object.entries(config).filter(([key, { secret }]) => secret && !key.startsWith(`${project}:`));
  for (const [key, { value }] of foreign) {
    if (/\n/.test(configText(value))) {
      throw new SlipwayError('PULUMI_CONFIG', `the secret "${key}" has more than one line`, { hint: 'a secret for a provider must be one line' });
    }
    await run(['config', 'set', '--secret', '--non-interactive', '--stack', stack, '--', key], { cwd: workDir, stdin: configText(value) });
  }
}
