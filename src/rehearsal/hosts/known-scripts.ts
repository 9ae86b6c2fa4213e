import { posix } from 'node:path';
import { digestOfBytes } from '../../core/index.ts';
import { accountPlayers } from './players/accounts.ts';
import { archivePlayers } from './players/archive.ts';
import { packagePlayers } from './players/packages.ts';
import type { Player } from './players/player.ts';
import { systemOf } from './players/system.ts';
import { unitPlayers } from './players/units.ts';
import { playScript } from './shell/runner.ts';

const GIB = 2 ** 30;

const read: Player = ({ vars, machine, out }) => {
  const path = vars.get('SLIPWAY_PATH') ?? '';
  const file = machine.files.stat(path);
  if (!file) return 44;
  if (machine.files.isFolder(path)) return 45;
  const content = machine.files.read(path);
  out(`${file.mode.toString(8)} ${digestOfBytes(content).slice('sha256:'.length)}\n`);
  out(content.subarray(0, Number(vars.get('SLIPWAY_BYTES'))));
  return 0;
};

const write: Player = async ({ vars, machine, stdin, err }) => {
  const path = vars.get('SLIPWAY_PATH') ?? '';
  if (machine.files.isFolder(path)) return 45;
  const content = await stdin.read();
  if (digestOfBytes(content) !== `sha256:${vars.get('SLIPWAY_SHA256')}`) return 46;
  if (!machine.files.isFolder(posix.dirname(path))) {
    err(`mktemp: failed to create file in ${posix.dirname(path)}: No such file or directory\n`);
    return 1;
  }
  machine.files.write(path, content, Number.parseInt(vars.get('SLIPWAY_MODE') ?? '644', 8));
  machine.changed('file', { action: 'write', path });
  return 0;
};

const ids: Player = ({ vars, out }) => {
  const idOf = (name: string | undefined): string => (name === undefined || name === '' ? '' : name === 'root' ? '0' : '1000');
  out(`${idOf(vars.get('SLIPWAY_OWNER'))}\n${idOf(vars.get('SLIPWAY_GROUP'))}\n`);
  return 0;
};

const exists: Player = ({ vars, machine }) => (machine.files.stat(vars.get('SLIPWAY_PATH') ?? '') ? 0 : 1);

const owner: Player = ({ vars, machine, out, err }) => {
  const file = machine.files.stat(vars.get('SLIPWAY_PATH') ?? '');
  if (!file) {
    err('stat: No such file or directory\n');
    return 1;
  }
  const nameOf = (id: number): string => (id === 0 ? 'root' : 'slipway');
  out(`${nameOf(file.uid)} ${nameOf(file.gid)} ${file.uid} ${file.gid}\n`);
  return 0;
};

const folder: Player = ({ vars, machine }) => {
  const path = vars.get('SLIPWAY_PATH') ?? '/';
  for (const [index] of path.split('/').entries())
    machine.files.makeFolder(
      path
        .split('/')
        .slice(0, index + 1)
        .join('/') || '/',
    );
  machine.changed('file', { action: 'makeFolder', path });
  return 0;
};

const move: Player = ({ vars, machine }) => {
  const path = vars.get('SLIPWAY_PATH') ?? '';
  machine.files.rename(vars.get('SLIPWAY_FROM') ?? '', path);
  machine.changed('file', { action: 'move', path });
  return 0;
};

/** A rehearsal takes every draft as good: the program that would judge it is not there. A fault can say otherwise. */
const accept: Player = ({ vars, machine }) => {
  const path = vars.get('SLIPWAY_PATH') ?? '';
  machine.note('validate', { program: vars.get('SLIPWAY_ARG_1') ?? '', path });
  machine.files.rename(vars.get('SLIPWAY_DRAFT') ?? '', path);
  machine.changed('file', { action: 'move', path });
  return 0;
};

const facts: Player = ({ machine, out }) => {
  const { vars, name, clock, state } = machine;
  const now = clock.now();
  const lines = [
    `hostname ${name}`,
    'kernel Linux 6.1.0-32-amd64',
    'arch x86_64',
    `os ${vars.os}`,
    ...identityOf(vars.os),
    'init systemd',
    'cpumodel Rehearsed CPU',
    'swap 0',
    'virtual kvm',
    `fqdn ${name}`,
    `cpus ${vars.cpus}`,
    `memory ${vars.memoryBytes}`,
    `uptime ${Math.floor((now - state.bootedAt) / 1_000)}`,
    `disk ${100 * GIB} ${62 * GIB} /dev/sda1\t/`,
    `disk ${500 * GIB} ${310 * GIB} /dev/sdb1\t/srv`,
    `ip 10.20.${checksum(name) % 250}.${1 + (checksum(name) % 200)} eth0`,
    `time ${now}`,
  ];
  out(`${lines.join('\n')}\n`);
  return 0;
};

/** What `/etc/os-release` and the tools of such a system would say. */
function identityOf(os: string): readonly string[] {
  const { id, tool, version } = systemOf(os);
  return [`osid ${id}`, `oslike ${id}`, `osversion ${version}`, `packages ${tool}`];
}

const script: Player = async (process) => {
  const { vars, stdin, machine, err } = process;
  const text = await stdin.read();
  if (digestOfBytes(text) !== `sha256:${vars.get('SLIPWAY_SHA256')}`) {
    err('slipway: the script did not arrive whole\n');
    return 97;
  }
  const count = Number(vars.get('SLIPWAY_ARGC') ?? 0);
  const args = Array.from({ length: count }, (_, index) => vars.get(`SLIPWAY_ARG_${index + 1}`) ?? '');
  const inside = new Map(
    [...vars].filter(([name]) => !name.startsWith('SLIPWAY_ARG') && !['SLIPWAY_DRAFT', 'SLIPWAY_SHA256', 'SLIPWAY_INTERPRETER'].includes(name)),
  );
  machine.note('script', { digest: digestOfBytes(text), args: count });
  return playScript(text.toString('utf8'), { ...process, vars: inside, args: ['script', ...args], stdin: { read: () => Promise.resolve(Buffer.alloc(0)) } });
};

/** The script of check.readiness: one question a line on its input. */
const readiness: Player = async ({ stdin, machine, out }) => {
  const { vars, files, clock } = machine;
  for (const line of (await stdin.read()).toString('utf8').split('\n')) {
    const [kind, ...path] = line.split(' ');
    if (kind === 'disk') out(`disk ${38 * 2 ** 20} ${62 * 2 ** 20}\n`);
    if (kind === 'file') out(`file ${files.stat(path.join(' ')) ? 'yes' : 'no'}\n`);
  }
  const kib = Math.floor(vars.memoryBytes / 1_024);
  out(`memory ${kib} ${Math.floor(kib * 0.6)}\nload 0.20\ncpus ${vars.cpus}\n`);
  const ports = [22, ...vars.http.filter(({ service }) => machine.state.services[service]?.active).map(({ port }) => port)];
  for (const port of ports) out(`port ${port.toString(16).toUpperCase().padStart(4, '0')}\n`);
  out(`ports read\nclock ${clock.now()}000000\n`);
  return 0;
};

function checksum(text: string): number {
  return text.split('').reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 65_521, 7);
}

const players: { readonly [name: string]: Player } = {
  ...{ read, write, move, accept, ids, exists, owner, folder, facts, script, readiness },
  ...packagePlayers,
  ...unitPlayers,
  ...accountPlayers,
  ...archivePlayers,
};

/** The player of a script that names itself in its first line, or that is known by how it begins. */
export function playerOf(text: string): Player | undefined {
  const name = /^# slipway:([a-z-]+)\n/.exec(text)?.[1];
  if (name !== undefined) return players[name];
  return /^\s*LC_ALL=C; export LC_ALL\nwhile IFS= read -r line; do\n\s*kind=/.test(text) ? readiness : undefined;
}
