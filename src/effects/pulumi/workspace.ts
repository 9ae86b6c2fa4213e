import { LocalWorkspace, type PulumiCommand, type Stack, type StackSettings } from '@pulumi/pulumi/automation/index.js';
import { runtime } from '@pulumi/pulumi';
import { SlipwayError } from '../../core/index.ts';
import type { RunPulumi } from './command.ts';
import { textOf } from './deployment.ts';
import { configText, type StackProgram } from './program.ts';
import type { Deployment, Request } from './protocol.ts';

/**
 * Open the stack for the Automation API with exactly the configuration of the request; make it when it is missing.
 *
 * @param before what exportStack told. Importing this module loads Pulumi's SDK, which takes longer than exporting a state.
 */
export async function openStack(
  run: RunPulumi,
  request: Request,
  { before, program }: { readonly before: Deployment | undefined; readonly program: StackProgram },
): Promise<Stack> {
  const { project, stack: stackName, workDir, secretsProvider } = request;
  const options = {
    workDir,
    pulumiCommand: commandFor(run, request),
    ...(secretsProvider === undefined ? {} : { secretsProvider }),
  };
  const args = { stackName, projectName: project, program: () => withSecrets(request, program) };
  const stack = before ? await LocalWorkspace.selectStack(args, options) : await LocalWorkspace.createStack(args, options);
  const settings = before ? encryptionOf(before) : await stack.workspace.stackSettings(stackName);
  await stack.workspace.saveStackSettings(stackName, { ...settings, config: plainConfig(request) });
  await setProviderSecrets(run, request);
  return stack;
}

/**
 * The Automation API asks for more than is needed: selecting a stack that was just exported, and the outputs and history
 * after an update. Those three cost a process each, so they are answered here.
 */
function commandFor(run: RunPulumi, { cli, cliVersion }: Request): PulumiCommand {
  const answers: Readonly<Record<string, string>> = { 'stack select': '', 'stack output': '{}', 'stack history': '[]' };
  const command = {
    command: cli,
    version: versionOf(cliVersion),
    run: async (args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) => {
      const answer = answers[args.slice(0, 2).join(' ')];
      if (answer !== undefined) return { stdout: answer, stderr: '', code: 0 };
      return run([...args, '--non-interactive', '--color', 'never'], { cwd, env });
    },
  };
  return command; // `run` is how the Automation API calls it; the type shows only the fields
}

function versionOf(text: string): PulumiCommand['version'] {
  const [major = 0, minor = 0, patch = 0] = text.replace(/^v/, '').split('.').map(Number);
  // The Automation API compares it and prints it, nothing more.
  return { major, minor, patch, version: text, raw: text, prerelease: [], build: [], toString: () => text } as unknown as PulumiCommand['version']; // semver is not a dependency of ours
}

/** What makes Pulumi read the secrets of the state: the salt, or the key that the cloud encrypted. */
function encryptionOf({ secretsProviders }: Deployment): StackSettings {
  if (secretsProviders?.type === 'passphrase') return { encryptionSalt: textOf(secretsProviders.state['salt']) };
  if (secretsProviders?.type === 'cloud')
    return { secretsProvider: textOf(secretsProviders.state['url']), encryptedKey: textOf(secretsProviders.state['encryptedkey']) };
  return {};
}

function plainConfig({ config }: Request): NonNullable<StackSettings['config']> {
  const plain = Object.entries(config).filter(([, { secret }]) => !secret);
  return Object.fromEntries(plain.map(([key, { value }]) => [key, typeof value === 'object' && value !== null ? value : configText(value)]));
}

/** Secrets of the program itself never leave this process: they are added to what the engine gives to the program. */
async function withSecrets({ project, config }: Request, program: StackProgram): Promise<Record<string, unknown>> {
  const own = Object.entries(config).filter(([key, { secret }]) => secret && key.startsWith(`${project}:`));
  if (own.length > 0) {
    const values = Object.fromEntries(own.map(([key, { value }]) => [key, configText(value)]));
    runtime.setAllConfig({ ...runtime.allConfig(), ...values }, Object.keys(values));
  }
  return program();
}

/** Secrets of providers are read by the engine, so Pulumi must store them; they go in through standard input. */
async function setProviderSecrets(run: RunPulumi, { project, config, stack, workDir }: Request): Promise<void> {
  const foreign = Object.entries(config).filter(([key, { secret }]) => secret && !key.startsWith(`${project}:`));
  for (const [key, { value }] of foreign) {
    if (/\n/.test(configText(value)))
      throw new SlipwayError('PULUMI_CONFIG', `the secret "${key}" has more than one line`, { hint: 'a secret for a provider must be one line' });
    await run(['config', 'set', '--secret', '--non-interactive', '--stack', stack, '--', key], { cwd: workDir, stdin: configText(value) });
  }
}
