import { type Json, Secret, SlipwayError } from '../../core/index.ts';
import type { Host, MetricsControl, Parts, QueryOf, Reading, SshPort } from '../../steps/index.ts';
import { denied, down, shortened, wrong } from './errors.ts';
import { readingsIn } from './number.ts';

const TIMEOUT_MS = 15_000;
const MAX_OUTPUT_BYTES = 1 << 20;
/** What a program prints when it means a number; anything else, `NaN` included, is none. */
const PLAIN = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

export interface CommandParts {
  readonly ssh: SshPort;
  /** A host of the inventory, ready to log in. @throws {SlipwayError} `UNKNOWN_HOST`, `LOGIN_MISSING`. */
  readonly host: (name: string) => Host;
  readonly now: () => number;
}

/** What a command on a host prints now: a number, or JSON. It finds the time it is asked about in $SLIPWAY_WINDOW_SECONDS. */
export async function commandLatest(query: QueryOf<'command'>, windowMs: number, parts: CommandParts, control: MetricsControl): Promise<Parts<Reading>> {
  const values = Object.entries(query.env).map(([name, value]) => [name, value instanceof Secret ? value : String(value)] as const);
  const request = {
    script: query.cmd,
    env: { ...Object.fromEntries(values), SLIPWAY_WINDOW_SECONDS: String(windowMs / 1_000) },
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  };
  const { runId, signal } = control;
  const result = await parts.ssh.exec(parts.host(query.host), request, { runId, signal }).catch((thrown: unknown) => {
    throw unanswered(query.host, thrown, signal);
  });
  if (result.exitCode !== 0) throw down(query.host, `the command ended with ${result.exitCode ?? result.signal ?? 'a signal'}${saidIn(result.stderr)}`);
  if (result.truncated) throw wrong(query.host, `the command prints more than ${MAX_OUTPUT_BYTES} bytes`);
  return readingsIn(documentOf(result.stdout), query, { now: parts.now(), windowMs });
}

function documentOf(stdout: string): Json {
  const text = stdout.trim();
  if (PLAIN.test(text)) return Number(text);
  try {
    return JSON.parse(text) as Json; // JSON.parse gives nothing else
  } catch {
    return text === '' ? null : text; // no number, which the reading says
  }
}

function unanswered(host: string, thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || !(thrown instanceof SlipwayError) || !thrown.code.startsWith('SSH_')) return thrown;
  const isRefusal = thrown.code === 'SSH_AUTH' || thrown.code === 'SSH_HOST_KEY';
  return isRefusal ? denied(host, thrown.message, thrown) : down(host, thrown.message, thrown);
}

function saidIn(stderr: string): string {
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  return last === '' ? '' : `: ${shortened(last)}`;
}
