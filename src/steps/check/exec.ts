import { Secret } from '../../core/index.ts';
import type { HostContext } from '../kind.ts';
import type { Become, ExecResult } from '../ports.ts';

const MAX_OUTPUT_BYTES = 1 << 20;

/** What to run: fixed text or the runbook's own, values, and bytes for its standard input. */
export interface HostCommand {
  readonly script: string;
  readonly env: { readonly [name: string]: string | number | boolean | Secret };
  readonly stdin?: string;
}

/** Run shell text on the context's host, as the user the step asked for, for at most the time the attempt has left. */
export async function execOn(context: HostContext, command: HostCommand): Promise<ExecResult> {
  const { host, options, ports, runId, signal } = context;
  const env = Object.fromEntries(Object.entries(command.env).map(([name, value]) => [name, value instanceof Secret ? value : String(value)]));
  const become: Become | undefined = options.become;
  return ports.ssh.exec(
    host,
    {
      script: command.script,
      env,
      ...(command.stdin === undefined ? {} : { stdin: Buffer.from(command.stdin) }),
      ...(become === undefined ? {} : { become }),
      timeoutMs: options.timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    },
    { runId, signal },
  );
}

/** The last line of an error stream, ready to be appended to a message. */
export function tailOf(stderr: string): string {
  const last = stderr.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return last === '' ? '' : ` (${last.slice(0, 200)})`;
}
