import { type ChildProcess, execFileSync, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../../src/steps/index.ts';
import { freePort } from './free-port.ts';

const SSHD = '/usr/sbin/sshd';

/** Why a real OpenSSH server cannot be started here, or undefined when it can. */
export function whyNoSshd(): string | undefined {
  if (!existsSync(SSHD)) return `${SSHD} is not installed (apt-get install -y openssh-server)`;
  if (process.getuid?.() !== 0) return 'sshd can be started for tests by root only';
  return undefined;
}

export interface SshdOptions {
  /** Lines of sshd_config that come first, so that they win. */
  readonly config?: readonly string[];
  /** Where it listens; 127.0.0.1 unless told. */
  readonly address?: string;
  /** Sign the host key with an authority; the host then presents a certificate for 127.0.0.1. */
  /** Shell text that furnishes a copy-on-write copy of this machine, in which the server then runs: nothing that is done there is done here. */
  readonly overlay?: string;
  readonly certified?: { readonly authorityFile: string; readonly principals?: string; readonly validity?: string };
}

/** A real sshd of our own on a free loopback port, with its own keys in a folder of its own. */
export interface Sshd extends AsyncDisposable {
  readonly dir: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** Private key that may log in as root. */
  readonly loginKey: string;
  readonly host: Host;
  /** What sshd has said so far. */
  log(): string;
  authorize(publicKey: string): Promise<void>;
  /** End the processes of all connections, as a crash of the machine would, and go on listening. */
  dropConnections(): Promise<void>;
  /** As a reboot does: every connection is gone, and after a while it listens again, with another host key when it was installed anew. */
  reboot(options?: { readonly downMs?: number; readonly newHostKey?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

/** Make a key pair in a file; gives back its path. */
export function makeKey(dir: string, name: string, type = 'ed25519', passphrase = ''): string {
  const file = join(dir, name);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', file]);
  return file;
}

/** Sign `<key>.pub` with an authority, which writes `<key>-cert.pub`. */
export function signKey(authorityFile: string, keyFile: string, options: readonly string[]): void {
  execFileSync('ssh-keygen', ['-q', '-s', authorityFile, '-I', 'test', ...options, `${keyFile}.pub`]);
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  await mkdir('/run/sshd', { recursive: true }); // where sshd separates its privileges
  const dir = await mkdtemp(join(tmpdir(), 'slipway-sshd-'));
  const hostKeyFile = makeKey(dir, 'host');
  const loginKey = makeKey(dir, 'login');
  const { certified } = options;
  if (certified) signKey(certified.authorityFile, hostKeyFile, ['-h', '-n', certified.principals ?? '127.0.0.1', '-V', certified.validity ?? '-1h:+1h']);
  const port = await freePort();
  const authorized = join(dir, 'authorized_keys');
  await writeFile(authorized, await readFile(`${loginKey}.pub`), { mode: 0o644 });
  await chmod(dir, 0o755); // sshd reads the keys as the user who logs in
  const home = join(dir, 'home');
  await mkdir(home);
  const config = [
    ...(options.config ?? []),
    ...(certified ? [`HostCertificate ${hostKeyFile}-cert.pub`] : []),
    `Port ${port}`,
    `ListenAddress ${options.address ?? '127.0.0.1'}`,
    `HostKey ${hostKeyFile}`,
    `AuthorizedKeysFile ${authorized}`,
    `PidFile ${join(dir, 'sshd.pid')}`,
    'UsePAM no',
    // What the owner of this machine has in the profile of his shell is no part of the tests: it takes time, and may lock files and die with them locked.
    `SetEnv HOME=${home}`,
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'AllowTcpForwarding yes',
    'Subsystem sftp internal-sftp',
  ];
  const configFile = join(dir, 'sshd_config');
  await writeFile(configFile, `${config.join('\n')}\n`);
  let log = '';
  const listen = async (): Promise<ChildProcess> => {
    const started = options.overlay === undefined ? spawn(SSHD, ['-D', '-e', '-f', configFile], STDIO) : await spawnInOverlay(dir, configFile, options.overlay);
    started.stderr?.on('data', (bytes: Buffer) => (log += bytes.toString()));
    await untilListening(port, started, () => log);
    return started;
  };
  let child = await listen();
  const hostKey = (await readFile(`${hostKeyFile}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  const stop = async (): Promise<void> => {
    await kill(child);
    await rm(dir, { recursive: true, force: true });
  };
  return {
    dir,
    port,
    hostKey,
    loginKey,
    host: hostOf({ name: 'real', port, privateKeyFile: loginKey, hostKeys: [hostKey] }),
    log: () => log,
    authorize: (publicKey) => appendFile(authorized, `${publicKey.trim()}\n`),
    dropConnections: () => Promise.resolve(killConnections(child)),
    reboot: async ({ downMs = 0, newHostKey = false } = {}) => {
      await kill(child);
      if (newHostKey) for (const file of [hostKeyFile, `${hostKeyFile}.pub`]) await rm(file);
      if (newHostKey) makeKey(dir, 'host');
      await delay(downMs);
      child = await listen();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function kill(child: ChildProcess): Promise<void> {
  // First who listens: nobody may come in while the others are ended.
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGSTOP');
    killConnections(child);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

const STDIO = { stdio: ['ignore', 'ignore', 'pipe'] } satisfies SpawnOptions;

/** A private view of all mounts: the root is this machine's below, and memory above. It is gone with its last process. */
const IN_OVERLAY = `set -e
mkdir "$1/overlay"
mount -t tmpfs tmpfs "$1/overlay"
mkdir "$1/overlay/up" "$1/overlay/work" "$1/overlay/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/overlay/up,workdir=$1/overlay/work" "$1/overlay/root"
cd "$1/overlay/root"
mount --rbind /proc proc
mount --rbind /dev dev
chroot . /bin/sh -e "$1/furnish.sh" >&2
exec chroot . "$3" -D -e -f "$2"
`;
async function spawnInOverlay(dir: string, configFile: string, furnish: string): Promise<ChildProcess> {
  await writeFile(join(dir, 'furnish.sh'), `mkdir -p /run/sshd\n${furnish}`);
  return spawn('unshare', ['-m', '--propagation', 'private', '/bin/sh', '-c', IN_OVERLAY, 'overlay', dir, configFile, SSHD], STDIO);
}

/** A host on loopback that logs in as root. */
export function hostOf(parts: { name: string; port: number; privateKeyFile?: string; hostKeys: readonly string[] }): Host {
  const { name, port, privateKeyFile, hostKeys } = parts;
  return {
    name,
    address: '127.0.0.1',
    port,
    user: 'root',
    groups: [],
    vars: {},
    jump: [],
    login: privateKeyFile === undefined ? {} : { privateKeyFile },
    hostKeys,
  };
}

function killConnections(child: ChildProcess): void {
  for (const pid of childrenOf(child.pid ?? -1)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself meanwhile
    }
  }
}

function childrenOf(parent: number): readonly number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm=']).toString().trim().split('\n');
  const parsed = rows.map((row) => row.trim().split(/\s+/));
  return parsed.filter(([, ppid, command]) => Number(ppid) === parent && command?.startsWith('sshd')).map(([pid]) => Number(pid));
}

async function untilListening(port: number, child: ChildProcess, log: () => string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${log()}`);
    const socket = connect(port, '127.0.0.1');
    const isUp = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (isUp) return;
    await delay(50);
  }
  throw new Error(`sshd does not listen: ${log()}`);
}
