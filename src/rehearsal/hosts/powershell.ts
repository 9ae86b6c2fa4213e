import { posix } from 'node:path';
import type { ServerChannel } from 'ssh2';
import { digestOfBytes } from '../../core/index.ts';
import { FileFault } from './files.ts';
import type { Machine } from './machine.ts';
import { makeFolders } from './players/accounts.ts';

/** A call as our own SSH client sends it to a Windows machine. */
interface Call {
  readonly script: string;
  readonly env: ReadonlyMap<string, string>;
  readonly folder: string;
  readonly input: Buffer;
}
interface Answer {
  readonly code: number;
  readonly stdout?: string;
  readonly stderr?: string;
}
type Player = (call: Call, machine: Machine) => Answer;

export interface PowerShellCall {
  readonly machine: Machine;
  readonly channel: ServerChannel;
  readonly user: string;
  readonly breakOff: () => void;
}

const FIRST_PID = 9_000;
let calls = 0;

/** Is this command line the one of our client for Windows? */
export function isPowerShell(command: string): boolean {
  return /^powershell\.exe .*-EncodedCommand [A-Za-z0-9+/=]+$/.test(command);
}

/** Play a Windows machine: our own scripts, and what the inventory declares; any other PowerShell text is noted and not run. */
export function answerPowerShell({ machine, channel, user, breakOff }: PowerShellCall): void {
  let received = '';
  channel.on('error', () => undefined); // the client may be gone before it has heard everything
  channel.write(`SLIPWAY-READY 0 ${FIRST_PID + calls++}\n`);
  channel.on('data', (bytes: Buffer) => (received += bytes.toString('latin1')));
  channel.on('end', () => {
    const call = callIn(received);
    const fault = call && machine.fault(['exit', 'lose', 'resetAfter'], call.script);
    const answer = !call
      ? { code: 98 }
      : fault?.effect === 'exit'
        ? { code: fault.exit, stderr: fault.stderr }
        : fault?.effect === 'lose'
          ? { code: 0 }
          : play(call, machine, user);
    if (fault?.effect === 'lose' || fault?.effect === 'resetAfter') return breakOff();
    if (answer.stdout) channel.write(answer.stdout.replaceAll('\n', '\r\n'));
    if (answer.stderr) channel.stderr.write(answer.stderr.replaceAll('\n', '\r\n'));
    channel.exit(answer.code);
    channel.end();
  });
}

/** undefined: it did not come whole, and nothing runs. */
function callIn(received: string): Call | undefined {
  const parts = received.trim().split('.');
  if (parts.length !== 3) return undefined;
  const text = Buffer.from(parts[0] ?? '', 'base64').toString('utf8');
  const { script, env, folder } = JSON.parse(text) as { script: string; env: { name: string; value: string }[]; folder: string }; // our own client wrote it
  return { script, folder, env: new Map(env.map(({ name, value }) => [name, value])), input: Buffer.from(parts[1] ?? '', 'base64') };
}

function play(call: Call, machine: Machine, user: string): Answer {
  const { script, folder } = call;
  const declared = machine.vars.commands.find(({ match }) => new RegExp(match, 'm').test(script));
  if (declared) {
    machine.note('command', { user, command: script.trim() });
    return { code: declared.exit, stdout: declared.stdout, stderr: declared.stderr };
  }
  if (folder !== '' && !machine.files.isFolder(at(folder))) return { code: 96, stderr: `Cannot find path '${folder}' because it does not exist.\n` };
  const player = PLAYERS[/^# slipway:([a-z-]+)\n/.exec(script)?.[1] ?? ''];
  if (!player) {
    machine.note('command', { user, command: script.trim(), shell: 'powershell' });
    return { code: 0, stdout: `(rehearsal) would run: ${script.trim().split('\n', 1)[0] ?? ''}\n` };
  }
  try {
    return player(call, machine);
  } catch (thrown) {
    if (!(thrown instanceof FileFault)) throw thrown;
    return { code: 1, stderr: `${thrown.message}\n` };
  }
}

/** `C:\erp\x` and `C:/erp/x` are the same file. */
function at(path: string): string {
  return posix.join('/', path.replaceAll('\\', '/'));
}
const pathIn = ({ env }: Call): string => at(env.get('SLIPWAY_PATH') ?? '');
const hashOf = (bytes: Buffer): string => digestOfBytes(bytes).slice('sha256:'.length);

const PLAYERS: { readonly [name: string]: Player } = {
  'win-read': (call, { files }) => {
    const path = pathIn(call);
    if (!files.stat(path)) return { code: 44 };
    if (files.isFolder(path)) return { code: 45 };
    const content = files.read(path);
    return { code: 0, stdout: `${hashOf(content)}\n${content.subarray(0, Number(call.env.get('SLIPWAY_BYTES'))).toString('base64')}\n` };
  },
  'win-write': (call, machine) => {
    const path = pathIn(call);
    if (machine.files.isFolder(path)) return { code: 45 };
    if (hashOf(call.input) !== call.env.get('SLIPWAY_SHA256')) return { code: 46 };
    machine.files.write(path, call.input);
    machine.changed('file', { action: 'write', path: path.slice(1) });
    return { code: 0 };
  },
  'win-folder': (call, machine) => {
    makeFolders(machine, pathIn(call));
    machine.changed('file', { action: 'makeFolder', path: pathIn(call).slice(1) });
    return { code: 0 };
  },
  'win-exists': (call, { files }) => ({ code: files.stat(pathIn(call)) ? 0 : 1 }),
  'win-stop': () => ({ code: 0 }),
  'win-script': (call, machine) => {
    if (hashOf(call.input) !== call.env.get('SLIPWAY_SHA256')) return { code: 97, stderr: 'slipway: the script did not arrive whole\n' };
    machine.note('script', { digest: digestOfBytes(call.input), args: Number(call.env.get('SLIPWAY_ARGC')) });
    return { code: 0, stdout: '(rehearsal) would run the script\n' };
  },
  'win-facts': (_call, { name, vars, clock, state }) => {
    const version = /\d+(\.\d+)*/.exec(vars.os)?.[0] ?? '10.0';
    const identity = [
      `hostname ${name}`,
      `fqdn ${name}`,
      'kernel Windows 10.0.20348.0',
      'arch AMD64',
      `os ${vars.os}`,
      `osversion ${version}`,
      'osid windows',
      'oslike windows',
      'init windows',
    ];
    const hardware = [
      `cpus ${vars.cpus}`,
      'cpumodel Rehearsed CPU',
      `memory ${vars.memoryBytes}`,
      'swap 0',
      'virtual vmware',
      `uptime ${Math.floor((clock.now() - state.bootedAt) / 1_000)}`,
    ];
    return { code: 0, stdout: `${[...identity, ...hardware, `disk ${100 * 2 ** 30} ${60 * 2 ** 30} C:\tC:\\`, `time ${clock.now()}`].join('\n')}\n` };
  },
};
