import { Secret, SlipwayError } from '../../core/index.ts';
import type { HostContext } from '../kind.ts';
import type { ExecRequest, ExecResult } from '../ports.ts';

/** Most bytes of each stream that become outputs; all of it is in the log. */
const MOST_OUTPUT_BYTES = 64 << 10;
const TAIL_LINES = 5;

/** What to run on the host of the context. Values travel in `env` and `stdin` only. */
export interface Call {
  readonly script: string;
  /** The same for hosts whose shell is PowerShell; without it they are refused. */
  readonly powershell?: string;
  readonly env?: { readonly [name: string]: string | number | boolean | Secret };
  readonly shell?: string | undefined;
  readonly cwd?: string | undefined;
  readonly stdin?: Uint8Array | undefined;
}
type Where = Pick<HostContext, 'host' | 'options' | 'ports' | 'runId' | 'signal'> & Partial<Pick<HostContext, 'log' | 'heartbeat' | 'output'>>;

/** Run shell text as the step's user, at most for the time the attempt has left, and log what it prints. */
export async function callHost(where: Where, call: Call): Promise<ExecResult> {
  const { host, options, ports, runId, signal, log, heartbeat, output } = where;
  const { shell, cwd, stdin } = call;
  const script = scriptFor(where, call);
  const env = Object.fromEntries(Object.entries(call.env ?? {}).map(([name, value]) => [name, value instanceof Secret ? value : String(value)]));
  const request: ExecRequest = {
    script,
    env,
    timeoutMs: options.timeoutMs,
    maxOutputBytes: MOST_OUTPUT_BYTES,
    ...(shell === undefined ? {} : { shell }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(stdin === undefined ? {} : { stdin }),
    ...(options.become === undefined ? {} : { become: options.become }),
  };
  const lines = output || !log ? undefined : lineLogger(log);
  const onOutput = (stream: 'stdout' | 'stderr', text: string): void => {
    heartbeat?.();
    output?.(text, stream);
    lines?.add(stream, text);
  };
  try {
    return await ports.ssh.exec(host, request, { runId, signal, onOutput });
  } finally {
    lines?.end();
  }
}

function scriptFor({ host }: Where, { script, powershell }: Call): string {
  if (host.shell !== 'powershell') return script;
  if (powershell !== undefined) return powershell;
  throw new SlipwayError('UNSUPPORTED_PLATFORM', `this needs a POSIX shell, and the shell of ${host.name} is PowerShell`, {
    hint: 'on Windows ssh.run, ssh.script, ssh.copy, ssh.template, ssh.line and ssh.facts work; leave the host out, or write it in PowerShell',
  });
}

function lineLogger(log: HostContext['log']): { add(stream: 'stdout' | 'stderr', text: string): void; end(): void } {
  const open = { stdout: '', stderr: '' };
  return {
    add: (stream, text) => {
      const lines = (open[stream] + text).split('\n');
      open[stream] = lines.pop() ?? '';
      for (const line of lines) log(line, stream);
    },
    end: () => {
      for (const stream of ['stdout', 'stderr'] as const) if (open[stream] !== '') log(open[stream], stream);
    },
  };
}

/**
 * Judge an exit code.
 *
 * @throws {SlipwayError} `SSH_EXIT` with the last lines of stderr when it is none of those that are fine.
 */
export function refuseExit(result: ExecResult, okExitCodes: readonly number[], { what, host }: { what: string; host: string }): void {
  if (result.exitCode !== null && okExitCodes.includes(result.exitCode)) return;
  const ended = result.exitCode === null ? `was ended by ${result.signal ?? 'a signal'}` : `ended with exit code ${result.exitCode}`;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-TAIL_LINES).join('\n').slice(-1_000);
  throw new SlipwayError('SSH_EXIT', `${what} ${ended} on ${host}${said === '' ? '' : `: ${said}`}`, {
    hint: 'see the whole output with slipway logs; name further good exit codes in okExitCodes, or retry with retry.on: [SSH_EXIT]',
  });
}
