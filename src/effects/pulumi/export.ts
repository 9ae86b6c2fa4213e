import { CommandFailed, type RunPulumi } from './command.ts';
import { deploymentOf, member, parseJson } from './deployment.ts';
import type { Deployment, Request } from './protocol.ts';
import { readStateFile } from './state-file.ts';

/** Recorded state of the stack; undefined when the stack does not exist. */
export async function exportStack(run: RunPulumi, request: Request): Promise<Deployment | undefined> {
  const told = readStateFile(request.cliEnv['PULUMI_BACKEND_URL'] ?? '', request);
  if (told.known) return told.deployment;
  return exportByCommand(run, request);
}

/** The same by the Pulumi command, for every backend it knows. */
export async function exportByCommand(run: RunPulumi, request: Request): Promise<Deployment | undefined> {
  try {
    const { stdout } = await run(['stack', 'export', '--non-interactive', '--stack', request.stack], { cwd: request.workDir });
    return deploymentOf(member(parseJson(stdout), 'deployment'));
  } catch (cause) {
    if (cause instanceof CommandFailed && /no stack named.*found/.test(cause.output.stderr)) return undefined;
    throw cause;
  }
}
