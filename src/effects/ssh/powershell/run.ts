import { StringDecoder } from 'node:string_decoder';
import { type Clock, SlipwayError } from '../../../core/index.ts';
import type { ExecRequest, ExecResult, SshControl } from '../../../steps/index.ts';
import { createCapture } from '../capture.ts';
import { type Exit, type Started, startCommand } from '../channel.ts';
import { lost } from '../exec.ts';
import type { Link } from '../link.ts';
import { nameOf } from '../trust.ts';
import { unreachableHost } from '../unreachable.ts';
import { POWERSHELL, powershellPayload } from './bootstrap.ts';
import { plainErrors } from './clixml.ts';

const READY_LINE = /^SLIPWAY-READY 0 (\d+)\r?\n/m;
const MOST_CHATTER = 65_536;
const STOP_MS = 20_000;
/** End a process with all its children. Exit code 0 when it is gone. */
const STOP = `# slipway:win-stop
& taskkill.exe /PID $env:SLIPWAY_TARGET /T /F 2>&1 | Out-Null
Start-Sleep -Milliseconds 200
if (Get-Process -Id $env:SLIPWAY_TARGET -ErrorAction SilentlyContinue) { exit 1 }
exit 0
`;

type Control = Pick<SshControl, 'signal' | 'onOutput'>;
interface Run {
  readonly link: Link;
  readonly request: ExecRequest;
  readonly control: Control;
  readonly clock: Clock;
}

/**
 * Run PowerShell text over a connection. Line ends become those of Unix.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE`, `SSH_VALUE`, `SSH_TIMEOUT`, `SSH_LOST`; or the signal's reason, once the process has ended.
 */
export async function runPowerShell(run: Run): Promise<ExecResult> {
  const { link, control } = run;
  const payload = powershellPayload(run.request);
  const leave = await link.slots.take(control.signal);
  try {
    return await converse(run, payload);
  } finally {
    leave();
  }
}

async function converse(run: Run, payload: Buffer): Promise<ExecResult> {
  const { link, request, control, clock } = run;
  const began = clock.monotonic();
  const command = await startCommand(link, POWERSHELL, { clock, signal: control.signal });
  const heard = listen(command, request.maxOutputBytes, control.onOutput);
  command.channel.end(payload);
  const timer = new AbortController();
  try {
    const first = await Promise.race([
      ended(command),
      clock.sleep(request.timeoutMs, timer.signal).then(() => 'timeout' as const),
      aborted(control.signal, timer.signal),
    ]);
    if (first === 'timeout' || first === 'aborted') return await cutOff(first, heard, run);
    if (first === undefined) throw lost(link, 'the connection ended before the command did');
    if (heard.pid() === undefined) throw unreachableHost(link.host, new Error(`it started no PowerShell: ${heard.chatter().trim().slice(-500)}`));
    const { exitCode, signal } = first;
    return { exitCode, ...(signal === undefined ? {} : { signal }), ...heard.result(), durationMs: clock.monotonic() - began };
  } finally {
    timer.abort();
    command.channel.close();
  }
}

/** The exit, once all output has come; undefined when the channel closed without one. */
async function ended({ exited, closed }: Started): Promise<Exit | undefined> {
  const first = await Promise.race([exited, closed]);
  if (!first) return undefined;
  await closed;
  return first;
}

interface Heard {
  readonly pid: () => string | undefined;
  readonly chatter: () => string;
  readonly result: () => Pick<ExecResult, 'stdout' | 'stderr' | 'truncated'>;
}

function listen({ channel }: Started, maxBytes: number, onOutput: Control['onOutput']): Heard {
  const captures = { stdout: createCapture(maxBytes), stderr: createCapture(maxBytes) };
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  let before = '';
  let pid: string | undefined;
  const keep = (stream: 'stdout' | 'stderr', bytes: Buffer): void => {
    if (bytes.length === 0) return;
    captures[stream].add(bytes);
    onOutput?.(stream, decoders[stream].write(bytes).replaceAll('\r\n', '\n'));
  };
  channel.on('data', (bytes: Buffer) => {
    if (pid !== undefined) return keep('stdout', bytes);
    before = (before + bytes.toString('latin1')).slice(-MOST_CHATTER);
    const ready = READY_LINE.exec(before);
    if (!ready) return;
    pid = ready[1];
    keep('stdout', Buffer.from(before.slice(ready.index + ready[0].length), 'latin1'));
  });
  channel.stderr.on('data', (bytes: Buffer) => keep('stderr', bytes));
  const { stdout, stderr } = captures;
  return {
    pid: () => pid,
    chatter: () => before + stderr.bytes().toString('utf8'),
    result: () => ({
      stdout: stdout.bytes().toString('utf8').replaceAll('\r\n', '\n'),
      stderr: plainErrors(stderr.bytes().toString('utf8')),
      truncated: stdout.truncated || stderr.truncated,
    }),
  };
}

async function cutOff(why: 'timeout' | 'aborted', heard: Heard, run: Run): Promise<never> {
  const { link, request, control } = run;
  const pid = heard.pid();
  if (pid === undefined || !(await isStopped(pid, run))) throw lost(link, 'it could not be ended');
  if (why === 'aborted') throw control.signal.reason;
  throw new SlipwayError('SSH_TIMEOUT', `a command on ${nameOf(link.host)} took longer than ${request.timeoutMs} ms and was ended`, {
    hint: 'raise timeout in the runbook, or find out what it waits for',
  });
}

async function isStopped(pid: string, { link, clock }: Run): Promise<boolean> {
  const request: ExecRequest = { script: STOP, env: { SLIPWAY_TARGET: pid }, timeoutMs: STOP_MS, maxOutputBytes: 4_096 };
  try {
    // Not in a slot: all of them may be held by commands that must be ended.
    const control = { signal: AbortSignal.timeout(STOP_MS + 5_000) };
    return (await converse({ link, request, control, clock }, powershellPayload(request))).exitCode === 0;
  } catch {
    return false;
  }
}

function aborted(signal: AbortSignal, until: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'), { once: true, signal: until });
  });
}
