import { type Clock, type Masker, SlipwayError } from '../../core/index.ts';
import type { Host, SshControl, SshPort } from '../../steps/index.ts';
import { readAsUser, writeAsUser } from './become-files.ts';
import { headBytes } from './capture.ts';
import type { DialSources } from './dial.ts';
import { createDrafts } from './drafts.ts';
import { runScript } from './exec.ts';
import { createFileReader, type FileReader } from './file-reader.ts';
import { readBySftp, writeBySftp } from './files.ts';
import { createGate } from './gate.ts';
import type { Link } from './link.ts';
import { loadSsh2 } from './load.ts';
import { createPool, type Pool } from './pool.ts';
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
  /** How often a silent server is asked whether it is there, in milliseconds; 10 000 unless told. After three times without a word its connection is lost. */
  readonly keepAliveMs?: number;
  /** A number from 0 to 1, for the jitter of retries. */
  readonly random?: () => number;
  /** Secrets that may be cut in two where output is too long. */
  readonly masker?: Masker;
}

/** Reach machines over SSH: one shared connection per host and run, strict host keys, values only as environment. */
export function createSsh(options: SshOptions): SshPort {
  const { clock } = options;
  const reader = createFileReader();
  const pool = createPool(createGate(clock, options.random ?? Math.random), () => sourcesOf(options, reader));
  return {
    exec: async (host, request, control) => {
      if (host.shell === 'powershell') {
        return onLink(pool, host, { control, isRepeatable: false }, (link) => runPowerShell({ link, request, control, clock }));
      }
      const result = await onLink(pool, host, { control, isRepeatable: false }, (link) => runScript(link, request, control, clock));
      const text = (bytes: Buffer): string => textOf(bytes, request.maxOutputBytes, options.masker);
      return { ...result, stdout: text(result.stdout), stderr: text(result.stderr) };
    },
    terminal: (host, request, control) =>
      onLink(pool, host, { control, isRepeatable: false }, (link) => openTerminal(link, request, { clock, signal: control.signal })),
    read: (host, path, maxBytes, control) =>
      onLink(pool, host, { control, isRepeatable: true }, (link) => {
        if (host.shell === 'powershell') return readOnWindows({ link, control, clock }, path, maxBytes);
        const { become } = control;
        return become ? readAsUser({ link, become, control, clock }, path, maxBytes) : readBySftp({ link, control, clock }, path, maxBytes);
      }),
    write: (host, file, control) => {
      const drafts = createDrafts(control.draft);
      return onLink(pool, host, { control, isRepeatable: true }, (link) => {
        if (host.shell === 'powershell') return writeOnWindows({ link, control, clock }, file);
        const { become } = control;
        return become ? writeAsUser({ link, become, control, clock }, file) : writeBySftp({ link, control, clock }, file, drafts);
      });
    },
    release: (runId) => pool.release(runId),
  };
}

/**
 * Use the connection of a host. One that was there already may have died while nobody looked: when nothing was started on it, or what was may be done
 * again, a new one is made, once.
 */
async function onLink<T>(
  pool: Pool,
  host: Host,
  { control, isRepeatable }: { readonly control: SshControl; readonly isRepeatable: boolean },
  use: (link: Link) => Promise<T>,
): Promise<T> {
  const { runId, signal } = control;
  const link = await pool.link(runId, host, signal);
  const isNew = link.uses++ === 0;
  try {
    return await use(link);
  } catch (thrown) {
    const code = thrown instanceof SlipwayError ? thrown.code : '';
    const mayRepeat = (code === 'SSH_UNREACHABLE' && !isNew) || (code === 'SSH_LOST' && isRepeatable);
    if (!mayRepeat || link.isOpen() || signal.aborted) throw thrown;
    const next = await pool.link(runId, host, signal);
    next.uses++;
    return use(next);
  }
}

/** Output as text. Where its middle is missing, the cuts may have gone through a secret, which nobody could recognise later. */
function textOf(bytes: Buffer, maxBytes: number, masker: Masker | undefined): string {
  if (bytes.length < maxBytes || !masker) return bytes.toString('utf8');
  const cut = headBytes(maxBytes);
  const { head, tail } = masker.maskEnds(bytes.subarray(0, cut).toString('utf8'), bytes.subarray(cut).toString('utf8'));
  return head + tail;
}

async function sourcesOf(options: SshOptions, reader: FileReader): Promise<DialSources> {
  return {
    ssh2: await loadSsh2(),
    clock: options.clock,
    agentSocket: options.agentSocket,
    ...reader,
    knownHostsFiles: options.knownHostsFiles ?? [],
    connectTimeoutMs: options.connectTimeoutMs ?? 20_000,
    keepAliveMs: options.keepAliveMs ?? 10_000,
  };
}
