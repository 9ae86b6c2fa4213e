import { spawn } from 'node:child_process';

/** What a finished Pulumi command said. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}
/** A Pulumi command that ended with an error; `output` tells why. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly output: CommandOutput;

  constructor(output: CommandOutput) {
    super(`pulumi ended with ${output.code}`);
    this.output = output;
  }
}
export interface CommandOptions {
  readonly cli: string;
  readonly env: { readonly [name: string]: string | undefined };
  readonly signal: AbortSignal;
  readonly graceMs: number;
}
export type RunPulumi = (
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly stdin?: string },
) => Promise<CommandOutput>;

const LAST_GRACE_MS = 5_000;

/**
 * Make the function that runs the Pulumi command. An abort interrupts it; after the grace it is interrupted again, which
 * stops it at once with the unfinished operations on record; after five more seconds it is killed.
 */
export function createCommand({ cli, env, signal, graceMs }: CommandOptions): RunPulumi {
  return async (args, { cwd, env: more = {}, stdin = '' }) => {
    signal.throwIfAborted();
    const child = spawn(cli, [...args], { cwd, env: { ...env, ...more, PULUMI_AUTOMATION_API: 'true' }, stdio: ['pipe', 'pipe', 'pipe'] });
    const timers: NodeJS.Timeout[] = [];
    const interrupt = () => {
      child.kill('SIGINT');
      timers.push(
        setTimeout(() => child.kill('SIGINT'), graceMs),
        setTimeout(() => child.kill('SIGKILL'), graceMs + LAST_GRACE_MS),
      );
    };
    signal.addEventListener('abort', interrupt, { once: true });
    child.stdin.on('error', () => undefined); // a command that does not read its input closes it early
    child.stdin.end(stdin);
    try {
      const output = await collect(child);
      if (output.code !== 0) throw new CommandFailed(output);
      return output;
    } finally {
      signal.removeEventListener('abort', interrupt);
      for (const timer of timers) clearTimeout(timer);
    }
  };
}

function collect(child: ReturnType<typeof spawn>): Promise<CommandOutput> {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on('data', (data: Buffer) => parts.stdout.push(data));
  child.stderr?.on('data', (data: Buffer) => parts.stderr.push(data));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // Not `close`: a plugin that outlives the command would keep the pipes open.
    child.once('exit', (code) =>
      setImmediate(() => resolve({ code: code ?? 255, stdout: Buffer.concat(parts.stdout).toString(), stderr: Buffer.concat(parts.stderr).toString() })),
    );
  });
}
