import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

export interface GiteaUser {
  readonly login: string;
  readonly id: number;
  readonly token: string;
}
/** A Gitea of our own on loopback, with an empty database in a temporary folder. */
export interface Gitea extends AsyncDisposable {
  readonly url: string;
  readonly dir: string;
  readonly admin: GiteaUser;
  /** A call of its API; the parsed answer. Throws when the status is not 2xx. */
  api(call: string, options?: { readonly as?: GiteaUser; readonly body?: object }): Promise<unknown>;
  /** A new account; its address is made from its name unless that is taken. */
  user(login: string, mail?: string): Promise<GiteaUser>;
  /** Stop and start again with the same data and address. */
  restart(): Promise<void>;
}

/** What `npm run test:git-hosts` found, else where `npm run setup -- --gitea` puts it. */
export function giteaPath(env: NodeJS.ProcessEnv = process.env): string {
  if (env['SLIPWAY_GITEA'] !== undefined) return env['SLIPWAY_GITEA'];
  const versions = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'tools', 'versions.json'), 'utf8')) as { gitea: { version: string } }; // our own file
  const cache = env['SLIPWAY_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'slipway');
  return join(cache, 'tools', `gitea-${versions.gitea.version}`, 'gitea');
}

export async function startGitea(program = giteaPath()): Promise<Gitea> {
  if (!existsSync(program)) throw new Error('gitea is not in the tool cache: npm run setup -- --gitea');
  const dir = mkdtempSync(join(tmpdir(), 'slipway-gitea-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(join(dir, 'home'));
  writeFileSync(join(dir, 'app.ini'), settings({ dir, port, url, program }));
  const env = { PATH: process.env['PATH'], HOME: join(dir, 'home'), GITEA_WORK_DIR: dir };
  const cli = async (...args: string[]) => (await run(program, [...args, '--config', join(dir, 'app.ini')], { env, cwd: dir })).stdout;
  await cli('migrate');
  const account = async (login: string, mail: string, ...more: string[]): Promise<string> => {
    const text = await cli(
      'admin',
      'user',
      'create',
      '--username',
      login,
      '--email',
      mail,
      '--random-password',
      '--must-change-password=false',
      '--access-token',
      ...more,
    );
    const token = /([0-9a-f]{40})/.exec(text)?.[1];
    if (token === undefined) throw new Error(`gitea said no token: ${text}`);
    return token;
  };
  const rootToken = await account('root-of-tests', 'root@example.org', '--admin');
  const start = async () => {
    const child = spawn(program, ['web', '--config', join(dir, 'app.ini')], { env, cwd: dir, stdio: 'ignore' });
    await healthy(url);
    return child;
  };
  let web = await start();
  const stop = async () => {
    web.kill('SIGTERM');
    const gone = once(web, 'exit');
    if ((await Promise.race([gone.then(() => true), delay(5_000, false)])) === false) web.kill('SIGKILL');
    await gone;
  };
  const call = async (text: string, token: string, body?: object): Promise<unknown> => {
    const [method = 'GET', path = ''] = text.split(' ');
    const headers = { authorization: `token ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${text}: ${response.status} ${answer}`);
    return answer === '' ? undefined : JSON.parse(answer);
  };
  const known = async (login: string, token: string): Promise<GiteaUser> => {
    const { id } = (await call('GET /user', token)) as { id: number }; // Gitea's own shape
    return { login, id, token };
  };
  const admin = await known('root-of-tests', rootToken);
  return {
    url,
    dir,
    admin,
    api: (text, { as = admin, body } = {}) => call(text, as.token, body),
    user: async (login, mail = `${login}@example.org`) => known(login, await account(login, mail)),
    restart: async () => {
      await stop();
      web = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function healthy(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const ok = await fetch(`${url}/api/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    if (tries > 600) throw new Error('gitea does not start');
    await delay(100);
  }
}

/** Loopback only, no mail, no outside service; quick rather than safe passwords. */
function settings({ dir, port, url, program }: { readonly dir: string; readonly port: number; readonly url: string; readonly program: string }): string {
  return `APP_NAME = tests
RUN_MODE = prod
RUN_USER = ${userInfo().username}
WORK_PATH = ${dir}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = ${url}/
DISABLE_SSH = true
OFFLINE_MODE = true
STATIC_ROOT_PATH = ${dirname(program)}
[database]
DB_TYPE = sqlite3
PATH = ${dir}/gitea.db
SQLITE_JOURNAL_MODE = WAL
[repository]
ROOT = ${dir}/repositories
DEFAULT_BRANCH = main
[security]
INSTALL_LOCK = true
SECRET_KEY = only-for-tests
INTERNAL_TOKEN = eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYmYiOjE2MDAwMDAwMDB9.only-for-tests
PASSWORD_HASH_ALGO = pbkdf2_v1
[service]
DISABLE_REGISTRATION = true
[webhook]
ALLOWED_HOST_LIST = loopback
DELIVER_TIMEOUT = 10
[log]
MODE = file
LEVEL = Warn
ROOT_PATH = ${dir}/log
[mailer]
ENABLED = false
[actions]
ENABLED = false
[indexer]
ISSUE_INDEXER_TYPE = db
[cron]
ENABLED = false
[queue]
TYPE = channel
[session]
PROVIDER = memory
[picture]
DISABLE_GRAVATAR = true
`;
}
