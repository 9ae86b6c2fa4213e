import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Why there is nothing to measure here; undefined when there is. */
export function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: it starts sshd in a mount and network namespace of its own';
  const absent = ['/usr/sbin/sshd', '/usr/bin/ssh', '/usr/bin/unshare'].filter((path) => !readable(path));
  return absent.length === 0 ? undefined : `${absent.join(', ')} not installed (apt-get install -y openssh-server openssh-client util-linux)`;
}

function readable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Machines to reach: addresses of one sshd, or of several when each needs a file system of its own. */
export interface Place extends AsyncDisposable {
  readonly dir: string;
  readonly port: number;
  readonly key: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** A known_hosts file that holds for all addresses. */
  readonly knownHosts: string;
  /** Words before a program so that it runs where the machines can be reached. */
  readonly inside: readonly string[];
  addressOf(index: number): string;
  /** Processor time of all servers so far, in milliseconds: of the processes that have ended. */
  serverCpuMs(): number;
}

export interface PlaceOptions {
  /** Added to every round trip, in milliseconds. */
  readonly rttMs: number;
  /** So many servers, each with an empty folder /srv of its own. */
  readonly apart?: number;
}

const PORT = 2_222;

/** Start Debian's sshd for this bench alone: own keys, dash as the login shell, and no limit on connections that begin together. */
export async function openPlace({ rttMs, apart = 0 }: PlaceOptions): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-ssh-'));
  mkdirSync('/run/sshd', { recursive: true });
  for (const name of ['host', 'login']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
  copyFileSync(join(dir, 'login.pub'), join(dir, 'authorized_keys'));
  execFileSync('chmod', ['755', dir]);
  const hostKey = readFileSync(join(dir, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  const network = rttMs > 0 ? await openFarNetwork(dir, rttMs) : undefined;
  const prefix = network ? '10.77' : '127.77';
  const addressOf = (index: number): string => `${prefix}.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`;
  writeFileSync(join(dir, 'known_hosts'), `[${prefix}.*]:${PORT} ${hostKey}\n`);
  writeFileSync(join(dir, 'passwd'), readFileSync('/etc/passwd', 'utf8').replace(/^(root:.*:)[^:]*$/m, '$1/bin/dash'));
  const listening = apart === 0 ? ['0.0.0.0'] : Array.from({ length: apart }, (_, index) => addressOf(index));
  const servers = listening.map((address, index) => startServer(dir, { address, index, apart: apart > 0, words: network?.far ?? [] }));
  await Promise.all(listening.map((address) => untilUp(network?.near ?? [], address === '0.0.0.0' ? addressOf(0) : address)));
  return {
    ...{ dir, port: PORT, key: join(dir, 'login'), hostKey, knownHosts: join(dir, 'known_hosts'), inside: network?.near ?? [], addressOf },
    serverCpuMs: () => servers.reduce((sum, { pid }) => sum + cpuMsOf(pid ?? 0), 0),
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) server.kill('SIGKILL');
      await network?.close();
      await delay(200);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function startServer(dir: string, how: { address: string; index: number; apart: boolean; words: readonly string[] }): ChildProcess {
  const { address, index, apart, words } = how;
  const file = join(dir, `sshd_config.${index}`);
  const lines = [
    ...[`Port ${PORT}`, `ListenAddress ${address}`, `HostKey ${join(dir, 'host')}`, `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`],
    ...[`PidFile ${join(dir, `sshd.${index}.pid`)}`, 'UsePAM no', 'StrictModes no', 'PermitRootLogin prohibit-password', 'PasswordAuthentication no'],
    ...['MaxStartups 2000:30:4000', 'MaxSessions 10', 'LogLevel ERROR', 'Subsystem sftp internal-sftp'],
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const own = apart ? 'mount -t tmpfs -o size=256m tmpfs /srv && ' : '';
  const script = `mount --bind "$1/passwd" /etc/passwd && ${own}exec /usr/sbin/sshd -D -e -f "$2"`;
  const [first, ...rest] = [...words, 'unshare', '-m', 'sh', '-c', script, 'sh', dir, file];
  return spawn(first, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function untilUp(words: readonly string[], address: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      const script = `const s=require('node:net').connect(${PORT},${JSON.stringify(address)},()=>process.exit(0));s.on('error',()=>process.exit(1))`;
      const [first, ...rest] = [...words, process.execPath, '-e', script];
      execFileSync(first, rest, { stdio: 'ignore', timeout: 5_000 });
      return;
    } catch {
      await delay(100);
    }
  }
  throw new Error(`no sshd answers at ${address}`);
}

/** Times of a process and of its children that were waited for; fields 14 to 17 of its stat line, in hundredths of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + 10 * Number(ticks), 0);
}

interface FarNetwork {
  /** Words that run a program on our side, and on that of the machines. */
  readonly near: readonly string[];
  readonly far: readonly string[];
  close(): Promise<void>;
}

/** Two network namespaces with so much time between them. `tc netem` where the kernel has it; else packets go through a program that waits. */
async function openFarNetwork(dir: string, rttMs: number): Promise<FarNetwork> {
  const [near, far] = [`swbn${process.pid}`, `swbf${process.pid}`];
  const run = (...words: string[]): void => void execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  for (const name of [near, far]) {
    run('netns', 'add', name);
    run('-n', name, 'link', 'set', 'lo', 'up');
  }
  const inside = (name: string): readonly string[] => ['ip', 'netns', 'exec', name];
  let line: ChildProcess | undefined;
  if (hasNetem(near)) {
    run('link', 'add', 'swb0', 'netns', near, 'type', 'veth', 'peer', 'name', 'swb0', 'netns', far);
    for (const name of [near, far])
      execFileSync('ip', [...inside(name).slice(1), 'tc', 'qdisc', 'add', 'dev', 'swb0', 'root', 'netem', 'delay', `${rttMs / 2}ms`, 'limit', '100000']);
  } else {
    const ready = join(dir, 'line.ready');
    line = spawn('python3', [join(import.meta.dirname, 'delay-line.py'), near, far, String(rttMs / 2), ready], { stdio: ['ignore', 'ignore', 'inherit'] });
    for (let tries = 0; !readable(ready); tries++) {
      if (tries > 100) throw new Error('the delay line does not start');
      await delay(50);
    }
  }
  run('-n', near, 'addr', 'add', '10.76.0.1/32', 'dev', 'swb0');
  run('-n', far, 'addr', 'add', '10.76.0.2/32', 'dev', 'swb0');
  for (const name of [near, far]) run('-n', name, 'link', 'set', 'swb0', 'up');
  run('-n', near, 'route', 'add', '10.77.0.0/16', 'dev', 'swb0', 'src', '10.76.0.1');
  run('-n', far, 'route', 'add', '10.76.0.1/32', 'dev', 'swb0');
  run('-n', far, 'route', 'add', 'local', '10.77.0.0/16', 'dev', 'lo');
  return {
    near: inside(near),
    far: inside(far),
    close: async () => {
      line?.kill('SIGKILL');
      for (const name of [near, far]) run('netns', 'del', name);
    },
  };
}

function hasNetem(name: string): boolean {
  try {
    execFileSync('ip', ['netns', 'exec', name, 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms'], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'exec', name, 'tc', 'qdisc', 'del', 'dev', 'lo', 'root'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
