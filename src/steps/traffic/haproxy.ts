import { SlipwayError } from '../../core/index.ts';
import type { HostContext } from '../kind.ts';

// The commands travel on standard input and the socket in the environment: no value is part of the text.
const SCRIPT = `
if command -v socat >/dev/null 2>&1; then exec socat -t5 stdio "UNIX-CONNECT:$SLIPWAY_SOCKET"; fi
if command -v nc >/dev/null 2>&1; then exec nc -U "$SLIPWAY_SOCKET"; fi
echo 'neither socat nor nc is installed' >&2; exit 127
`;

/** A server as HAProxy knows it. `running` is false when its health checks fail or an operator took it out. */
export interface ServerState {
  readonly weight: number;
  readonly running: boolean;
}

/**
 * Send commands to the runtime API of HAProxy on the context's host, all on one line, and give back what it says.
 *
 * @throws {SlipwayError} `TRAFFIC_DRIVER` when the socket cannot be used; the codes of SSH.
 */
export async function runtimeApi(context: HostContext, socket: string, commands: readonly string[]): Promise<string> {
  const { host, options, ports, runId, signal } = context;
  const result = await ports.ssh.exec(
    host,
    {
      script: SCRIPT,
      env: { SLIPWAY_SOCKET: socket },
      stdin: Buffer.from(`${commands.join(';')}\n`),
      ...(options.become === undefined ? {} : { become: options.become }),
      timeoutMs: options.timeoutMs,
      maxOutputBytes: 4 << 20,
    },
    { runId, signal },
  );
  if (result.exitCode === 0) return result.stdout;
  throw new SlipwayError('TRAFFIC_DRIVER', `cannot talk to HAProxy on ${host.name} through ${socket}: ${result.stderr.trim().slice(0, 300)}`, {
    retry: 'afterBackoff',
    hint: 'the socket needs "stats socket <path> level admin", the user must be allowed to use it (see become), and socat must be installed',
  });
}

/** Servers of one backend in the answer to `show servers state`. */
export function parseServers(text: string): ReadonlyMap<string, ServerState> {
  const lines = text.split('\n').map((line) => line.trim());
  const header = lines.findIndex((line) => line.startsWith('# ') && line.includes('srv_name'));
  if (header < 0) return new Map();
  const columns = (lines[header] ?? '').slice(2).split(/\s+/);
  const [name, weight, state, admin] = ['srv_name', 'srv_uweight', 'srv_op_state', 'srv_admin_state'].map((column) => columns.indexOf(column));
  return new Map(
    lines
      .slice(header + 1)
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(/\s+/))
      .map((row) => [
        row[name ?? -1] ?? '',
        // Operational state 2 is running; any administrative bit takes a server out of rotation.
        { weight: Number(row[weight ?? -1]), running: row[state ?? -1] === '2' && (row[admin ?? -1] ?? '0') === '0' },
      ]),
  );
}
