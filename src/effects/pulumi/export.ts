import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed, type RunPulumi } from './command.ts';
import { readDeployment } from './deployment.ts';
import type { Deployment, Request } from './protocol.ts';

/** Write the project file that every command of Pulumi looks for. JSON is YAML. */
export function writeProject({ workDir, project }: Request): void {
  writeFileSync(join(workDir, 'Pulumi.yaml'), JSON.stringify({ name: project, runtime: 'nodejs' }), { mode: 0o600 });
}

/** State of the stack before the operation; undefined when the stack does not exist. */
export async function exportStack(run: RunPulumi, request: Request): Promise<Deployment | undefined> {
  try {
    return readDeployment((await run(['stack', 'export', '--non-interactive', '--stack', request.stack], { cwd: request.workDir })).stdout);
  } catch (cause) {
    if (cause instanceof CommandFailed && /no stack named.*found/.test(cause.output.stderr)) return undefined;
    throw cause;
  }
}
