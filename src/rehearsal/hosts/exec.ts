import type { ServerChannel } from 'ssh2';
import { FileFault } from './files.ts';
import type { Machine } from './machine.ts';
import { playerOf } from './known-scripts.ts';
import { createPayloadReader, type Payload } from './payload.ts';
import { inputOf, type Process, ShellExit, ShellKilled } from './shell/process.ts';
import { playScript } from './shell/runner.ts';
import type { HostFault } from './vars.ts';

const SHELLS = /(?:^|\/)(?:sh|bash|dash|ash|ksh|zsh)$/;
const FIRST_PID = 4_000;
/** What our own client waits for when it changes the user. */
const STANDS = 'SLIPWAY-SHELL';

/** Commands that run on one machine now. */
export interface Processes {
  readonly running: Map<number, AbortController>;
  next: number;
}
export const createProcesses = (): Processes => ({ running: new Map(), next: FIRST_PID });

export interface ExecCall {
  readonly machine: Machine;
  readonly processes: Processes;
  readonly channel: ServerChannel;
  readonly user: string;
  readonly command: string;
  /** Break the connection without a word. */
  readonly breakOff: () => void;
}

/** Answer one `exec` request. Nothing of it reaches the real machine: there is no child process anywhere in this module. */
export function answerExec(call: ExecCall): void {
  const { channel, command } = call;
  channel.on('error', () => undefined); // the client may be gone before it has heard everything
  if (command === 'exec /bin/sh' || command.includes(STANDS)) readCommand(call);
  else channel.on('end', () => start(call, plain(command), { pid: call.processes.next++, input: Buffer.alloc(0) })).resume();
}

/** A shell that reads what to do: the payload of our own client, then the command's input. */
function readCommand(call: ExecCall): void {
  const { channel, command, processes } = call;
  const reader = createPayloadReader();
  let pid = 0;
  let waiting: Payload | undefined;
  if (command.includes(STANDS)) channel.write(`${STANDS}\n`);
  channel.on('data', (bytes: Buffer) => {
    const payload = reader.add(bytes);
    if (!payload) return;
    pid = processes.next++;
    channel.write(`SLIPWAY-READY ${pid} ${pid}\n`);
    if (payload.hasInput) waiting = payload;
    else start(call, payload, { pid, input: Buffer.alloc(0) });
  });
  channel.on('end', () => {
    if (waiting) start(call, waiting, { pid, input: reader.rest() });
    // A shell whose input ends before the payload was whole runs nothing.
    else if (!reader.isWhole()) end(channel, 0);
  });
}

function start(call: ExecCall, payload: Payload, own: { pid: number; input: Buffer }): void {
  perform(call, payload, own).catch((error: unknown) => {
    call.channel.stderr.write(`rehearsal: ${String(error)}\n`);
    end(call.channel, 255);
  });
}

function plain(command: string): Payload {
  return { env: new Map(), cwd: undefined, shell: ['/bin/sh'], script: command, hasInput: false };
}

function userOf(call: ExecCall): string {
  return /^(?:LC_ALL=C )?exec (?:sudo|doas|su) (?:.*?-u )?([A-Za-z_][A-Za-z0-9_.-]*) /.exec(call.command)?.[1] ?? call.user;
}

async function perform(call: ExecCall, payload: Payload, { pid, input }: { pid: number; input: Buffer }): Promise<void> {
  const { machine, processes, channel } = call;
  const stop = new AbortController();
  processes.running.set(pid, stop);
  const process: Process = {
    machine,
    user: userOf(call),
    pid,
    signal: stop.signal,
    vars: new Map([['HOME', '/root'], ['PATH', '/usr/sbin:/usr/bin:/sbin:/bin'], ['USER', userOf(call)], ...payload.env]),
    args: payload.shell,
    cwd: payload.cwd ?? '/root',
    options: { errexit: payload.shell.some((word) => /^-[a-z]*e/.test(word)), nounset: false },
    status: 0,
    stdin: inputOf(input),
    out: (bytes) => channel.write(bytes),
    err: (bytes) => channel.stderr.write(bytes),
  };
  const fault = machine.fault(['exit', 'lose', 'resetAfter', 'hang'], payload.script);
  try {
    const code = await outcome(payload, process, fault, processes);
    if (fault?.effect === 'lose' || fault?.effect === 'resetAfter') call.breakOff();
    else end(channel, code);
  } catch (thrown) {
    if (!stop.signal.aborted && !(thrown instanceof ShellKilled)) throw thrown;
    channel.exit(thrown instanceof ShellKilled ? thrown.signal : 'TERM', false, '');
    channel.end();
  } finally {
    processes.running.delete(pid);
  }
}

async function outcome(payload: Payload, process: Process, fault: HostFault | undefined, processes: Processes): Promise<number> {
  const { script, shell } = payload;
  const { machine } = process;
  if (fault?.effect === 'lose') return 0;
  if (fault?.effect === 'hang') return machine.clock.sleep(86_400_000, process.signal).then(() => 0);
  if (fault?.effect === 'exit') {
    process.err(fault.stderr);
    return fault.exit;
  }
  const declared = machine.vars.commands.find(({ match }) => new RegExp(match, 'm').test(script));
  if (declared) {
    machine.note('command', { user: process.user, command: script.trim() });
    process.out(declared.stdout);
    process.err(declared.stderr);
    return declared.exit;
  }
  if (script.startsWith('# slipway:stop\n')) return stopProcess(process, processes);
  if (payload.cwd !== undefined && !machine.files.isFolder(payload.cwd)) {
    process.err(`sh: cd: can't cd to ${payload.cwd}\n`);
    return 96;
  }
  if (!SHELLS.test(shell[0] ?? '')) {
    machine.note('command', { user: process.user, command: script.trim(), shell: shell.join(' ') });
    process.out(`(rehearsal) would run: ${script.trim().split('\n', 1)[0] ?? ''}\n`);
    return 0;
  }
  const player = playerOf(script);
  try {
    return await (player ? player(process, script) : playScript(script, process));
  } catch (thrown) {
    if (thrown instanceof ShellExit) return thrown.code;
    if (!(thrown instanceof FileFault)) throw thrown;
    process.err(`${thrown.message}\n`);
    return 1;
  }
}

function stopProcess({ vars }: Process, { running }: Processes): number {
  const pid = Math.abs(Number(vars.get('SLIPWAY_TARGET')));
  running.get(pid)?.abort(new ShellKilled('TERM'));
  return 0;
}

function end(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}
