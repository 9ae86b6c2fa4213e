import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A Temporal dev server of its own on loopback, with its database in a folder that goes when it does. */
export interface DevServer extends AsyncDisposable {
  readonly address: string;
  readonly pid: () => number;
  /** SIGKILL, without any chance to clean up. */
  readonly kill: () => Promise<void>;
  /** Start it again on what it had written. */
  readonly restart: () => Promise<void>;
}

/**
 * What makes one server on one machine quick: SQLite in WAL mode with full fsync, its queues looked at as often as there is something, and what is done taken out
 * of them every two seconds: until then all of it is gone through for each message, and the server waits for half a minute otherwise. A server for many machines
 * has these by its size.
 */
const TUNING = [
  ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL'],
  ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=5000', '--dynamic-config-value', 'history.timerProcessorMaxPollRPS=2000'],
  ...['--dynamic-config-value', 'history.visibilityProcessorMaxPollRPS=500', '--dynamic-config-value', 'history.timerProcessorMaxTimeShift="50ms"'],
  ...['transfer', 'timer', 'visibility'].flatMap((queue) => ['--dynamic-config-value', `history.${queue}ProcessorUpdateAckInterval="2s"`]),
];
const READY_MS = 60_000;

/** @param program absolute path of the `temporal` command. */
export async function startServer(program: string, dir = mkdtempSync(join(tmpdir(), 'slipway-temporal-'))): Promise<DevServer> {
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  let child = await launch(program, dir, port);
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
  };
  return {
    address: `127.0.0.1:${port}`,
    pid: () => child.pid ?? 0,
    kill: () => kill('SIGKILL'),
    restart: async () => {
      child = await launch(program, dir, port);
    },
    [Symbol.asyncDispose]: async () => {
      await kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function launch(program: string, dir: string, port: number): Promise<ChildProcess> {
  const args = [
    'server',
    'start-dev',
    '--headless',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--db-filename',
    join(dir, 'temporal.db'),
    '--log-level',
    'error',
  ];
  const child = spawn(program, [...args, ...TUNING], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4_000)));
  process.once('exit', () => child.kill('SIGKILL'));
  const until = Date.now() + READY_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the Temporal server does not start: ${output}`);
    await delay(50);
  }
  return child;
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(() => done(true)));
    socket.on('error', () => done(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const at = server.address();
      server.close(() => (typeof at === 'object' && at ? done(at.port) : failed(new Error('no port'))));
    });
  });
}
