import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const PROGRAMS = ['/usr/sbin/haproxy', '/usr/bin/socat'];

/** Why a real HAProxy cannot be started here, or undefined when it can. */
export function whyNoHaproxy(): string | undefined {
  const absent = PROGRAMS.filter((path) => !existsSync(path));
  return absent.length === 0 ? undefined : `${absent.join(' and ')} not installed (apt-get install -y haproxy socat)`;
}

export interface HaproxyOptions {
  readonly backend: string;
  readonly servers: readonly { readonly name: string; readonly port: number; readonly weight: number }[];
  /** An empty map file is made beside the configuration; its path is in `map`. */
  readonly withMap?: boolean;
}
/** A real HAProxy of our own on loopback, with health checks and a runtime socket. */
export interface Haproxy extends AsyncDisposable {
  /** Where customers come in. */
  readonly port: number;
  /** Path of the runtime API's socket. */
  readonly socket: string;
  readonly map: string;
  /** Send one line to the runtime API. */
  ask(command: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-haproxy-'));
  const [port, socket, map] = [await freePort(), join(dir, 'admin.sock'), join(dir, 'mirror.map')];
  await writeFile(map, '');
  await writeFile(join(dir, 'haproxy.cfg'), configuration(options, { port, socket, map }));
  const child = spawn('/usr/sbin/haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await untilReady(child, socket, () => said);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { port, socket, map, ask: (command) => askSocket(socket, command), stop, [Symbol.asyncDispose]: stop };
}

function configuration({ backend, servers, withMap }: HaproxyOptions, { port, socket, map }: { port: number; socket: string; map: string }): string {
  return [
    'global',
    `  stats socket ${socket} mode 600 level admin`,
    '  stats timeout 5s',
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 5s',
    '  timeout server 5s',
    'frontend customers',
    `  bind 127.0.0.1:${port}`,
    ...(withMap ? [`  http-request set-var(txn.mirror) str(percent),map(${map},0)`] : []),
    `  default_backend ${backend}`,
    `backend ${backend}`,
    '  balance roundrobin',
    '  option httpchk GET /health',
    '  option redispatch',
    ...servers.map(({ name, port: to, weight }) => `  server ${name} 127.0.0.1:${to} weight ${weight} check inter 100ms fall 2 rise 1`),
    '',
  ].join('\n');
}

/** Say one line, and give back everything until HAProxy hangs up. */
function askSocket(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const stream = connect(socket, () => stream.write(`${command}\n`));
    stream.on('data', (bytes) => (answer += bytes.toString()));
    stream.on('end', () => resolve(answer));
    stream.on('error', reject);
  });
}

async function untilReady(child: ChildProcess, socket: string, said: () => string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) throw new Error(`haproxy ended: ${said()}`);
    const answer = await askSocket(socket, 'show info').catch(() => '');
    if (answer.includes('Name: HAProxy')) return;
    await delay(50);
  }
  throw new Error(`haproxy does not answer: ${said()}`);
}
