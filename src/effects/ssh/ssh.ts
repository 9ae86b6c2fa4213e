import { readFile } from 'node:fs/promises';
import type { Clock } from '../../core/index.ts';
import type { Host, SshControl, SshPort } from '../../steps/index.ts';
import { readAsUser, writeAsUser } from './become-files.ts';
import type { DialSources, Link } from './dial.ts';
import { runScript } from './exec.ts';
import { readBySftp, writeBySftp } from './files.ts';
import { createGate } from './gate.ts';
import { loadSsh2 } from './load.ts';
import { createPool } from './pool.ts';
import { readOnWindows, runPowerShell, writeOnWindows } from './powershell/index.ts';
import { openTerminal } from './terminal.ts';

export interface SshOptions {
  readonly clock: Clock;
  /** Socket of the SSH agent (SSH_AUTH_SOCK), when there is one. */
  readonly agentSocket?: string;
  /** known_hosts files for hosts whose inventory names none, for example `~/.ssh/known_hosts` spelled out. */
  readonly knownHostsFiles?: readonly string[];
  /** Longest wait for connection and login, in milliseconds; 20 000 unless told. */
  readonly connectTimeoutMs?: number;
  /** A number from 0 to 1, for the jitter of retries. */
  readonly random?: () => number;
}

/** Reach machines over SSH: one shared connection per host and run, strict host keys, values only as environment. */
export function createSsh(options: SshOptions): SshPort {
  const { clock } = options;
  const pool = createPool(createGate(clock, options.random ?? Math.random), () => sourcesOf(options));
  const linkTo = (host: Host, control: SshControl): Promise<Link> => pool.link(control.runId, host, control.signal);
  return {
    exec: async (host, request, control) => {
      if (host.shell === 'powershell') return runPowerShell({ link: await linkTo(host, control), request, control, clock });
      const result = await runScript(await linkTo(host, control), request, control, clock);
      return { ...result, stdout: result.stdout.toString('utf8'), stderr: result.stderr.toString('utf8') };
    },
    terminal: async (host, request, control) => openTerminal(await linkTo(host, control), request, control.signal),
    read: async (host, path, maxBytes, control) => {
      const link = await linkTo(host, control);
      if (host.shell === 'powershell') return readOnWindows({ link, control, clock }, path, maxBytes);
      const { become } = control;
      return become ? readAsUser({ link, become, control, clock }, path, maxBytes) : readBySftp(link, path, maxBytes, control);
    },
    write: async (host, file, control) => {
      const link = await linkTo(host, control);
      if (host.shell === 'powershell') return writeOnWindows({ link, control, clock }, file);
      const { become } = control;
      if (become) return writeAsUser({ link, become, control, clock }, file);
      return writeBySftp(link, file, control, clock);
    },
    release: (runId) => pool.release(runId),
  };
}

async function sourcesOf(options: SshOptions): Promise<DialSources> {
  return {
    ssh2: await loadSsh2(),
    clock: options.clock,
    agentSocket: options.agentSocket,
    readText,
    knownHostsFiles: options.knownHostsFiles ?? [],
    connectTimeoutMs: options.connectTimeoutMs ?? 20_000,
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
