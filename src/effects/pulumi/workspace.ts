import { runtime } from '@pulumi/pulumi';
import { LocalWorkspace, type PulumiCommand, type Stack } from '@pulumi/pulumi/automation/index.js';
import type { RunPulumi } from './command.ts';
import { configText, type StackProgram } from './program.ts';
import type { Request } from './protocol.ts';

/** Open a prepared stack for the Automation API with an inline program. Importing this module loads Pulumi's SDK. */
export async function openStack(run: RunPulumi, request: Request, program: StackProgram): Promise<Stack> {
  const { project, stack: stackName, workDir } = request;
  const args = { stackName, projectName: project, program: () => withSecrets(request, program) };
  return LocalWorkspace.selectStack(args, { workDir, pulumiCommand: commandFor(run, request) });
}

/**
 * The Automation API asks for more than is needed: selecting a stack that was just prepared, and the outputs and history
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
  // The Automation API compares it and prints it, nothing more; semver is not a dependency of ours.
  return { major, minor, patch, version: text, raw: text, prerelease: [], build: [], toString: () => text } as unknown as PulumiCommand['version'];
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
