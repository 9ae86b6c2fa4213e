import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { Secret } from '../../src/core/index.ts';
import type { PostgresConnection } from '../../src/journal/index.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const ROOT = '/usr/lib/postgresql';
const NOBODY = 65_534;

/** Folder of the newest server programs here. */
function programs(): string | undefined {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(ROOT, version, 'bin')).find((dir) => existsSync(join(dir, 'initdb')));
}

/** Why a real PostgreSQL cannot be started here, or undefined when it can. */
export function whyNoPostgres(): string | undefined {
  return programs() === undefined ? 'no PostgreSQL server is installed (apt-get install -y postgresql)' : undefined;
}

export interface PostgresOptions {
  /** Folder for the data, on a file system of the caller's choice. */
  readonly dir?: string;
  /** A certificate and its key, PEM: then it also talks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** More settings of the server. */
  readonly settings?: { readonly [name: string]: string };
}
/** A real PostgreSQL of our own on loopback, whose data goes away with it. */
export interface Postgres extends AsyncDisposable {
  readonly port: number;
  /** Absolute path of the folder with its programs, such as pg_dump. */
  readonly bin: string;
  /** Absolute path of its data. */
  readonly data: string;
  /** How to get into one of its databases; schema `slipway` unless told. */
  connection(database?: string, schema?: string): PostgresConnection;
  /** Statements as the superuser, in order; rows of the last one. */
  sql(text: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  /** Kill it as a crash would, or stop it in good order. */
  stop(how: 'immediate' | 'fast'): Promise<void>;
  start(): Promise<void>;
}

const PASSWORD = 'a password for tests';
const OWNER = 'slipway_test';

/** The server refuses to run as root: then it runs as somebody who owns nothing else. */
function identity(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return { uid: Number(uid ?? NOBODY), gid: Number(gid ?? NOBODY) };
}

function writeOwned(file: string, text: string, { uid, gid }: ReturnType<typeof identity>): void {
  writeFileSync(file, text, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}

export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const bin = programs() ?? '';
  const who = identity();
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'slipway-pg-'));
  const data = join(dir, 'data');
  if (who.uid !== undefined) chownSync(dir, who.uid, who.gid ?? who.uid);
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], { ...who, env, cwd: dir });
  if (options.tls)
    for (const [name, text] of [
      ['server.crt', options.tls.cert],
      ['server.key', options.tls.key],
    ] as const)
      writeOwned(join(data, name), text, who);
  const port = await freePort();
  // Crashes of the server are played, power cuts are not: nothing is lost without fsync, and tests are faster.
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: dir,
    fsync: 'off',
    max_connections: '60',
    ssl: options.tls ? 'on' : 'off',
    ...options.settings,
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  let child: ChildProcess | undefined;
  const sql: Postgres['sql'] = async (text, database = 'postgres') => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const result: unknown = await client.query(text);
      const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult<Record<string, unknown>>; // several statements give several results
      return last.rows;
    } finally {
      await client.end();
    }
  };
  const stop: Postgres['stop'] = async (how) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(how === 'immediate' ? 'SIGQUIT' : 'SIGINT');
    await exited;
  };
  const start = async (): Promise<void> => {
    child = spawn(join(bin, 'postgres'), args, { ...who, env, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
    for (let tries = 0; tries < 200; tries++) {
      if (child.exitCode !== null) throw new Error(`postgres ended: ${said}`);
      if (await sql('SELECT 1').then(Boolean, () => false)) return;
      await delay(25);
    }
    throw new Error(`postgres does not answer: ${said}`);
  };
  const connection: Postgres['connection'] = (database = 'postgres', schema = 'slipway') => ({
    ...{ host: '127.0.0.1', port, database, user: OWNER, password: new Secret(PASSWORD), tls: { mode: 'off' }, schema },
  });
  const dispose = async (): Promise<void> => {
    await stop('immediate');
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await start();
    await sql(`CREATE ROLE ${OWNER} LOGIN PASSWORD '${PASSWORD}'; GRANT CREATE ON DATABASE postgres TO ${OWNER}`);
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
  return { port, bin, data, connection, sql, stop, start, [Symbol.asyncDispose]: dispose };
}
