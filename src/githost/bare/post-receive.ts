// Stands alone: `slipway hook install` copies this file into a bare repository, where git runs it after every push.
import { createHmac, randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';

/** `slipway/config.json` in the repository. */
export interface HookConfig {
  /** Where Slipway takes webhooks of this host. */
  readonly url: string;
  /** How the server's configuration names the repository. */
  readonly repository: string;
}
export interface Sent {
  readonly sent: number;
  readonly waiting: number;
  /** Why the first of those that wait was not sent. */
  readonly why?: string;
}

const ANSWER_MS = 5_000;
/** Nobody waits longer for a push. */
const ALL_MS = 10_000;
const MOST_CHANGES = 500;
const MOST_WAITING = 10_000;
const LOCK_MS = 60_000;

/** Write what was pushed into the spool, so that it survives whatever comes next. @returns how many events that makes. */
export function spool(dir: string, input: string): number {
  const changes = input.split('\n').flatMap((line) => {
    const [before = '', after = '', ref = ''] = line.split(' ');
    return /^[0-9a-f]{40,64}$/.test(before) && /^[0-9a-f]{40,64}$/.test(after) && ref.startsWith('refs/') ? [{ before, after, ref }] : [];
  });
  const { repository } = configOf(dir);
  if (waiting(dir).length > MOST_WAITING) throw new Error(`${MOST_WAITING} pushes wait already; is Slipway there at all?`);
  for (let start = 0; start < changes.length; start += MOST_CHANGES) {
    const id = randomUUID();
    const body = JSON.stringify({ type: 'push', repository, pushedAt: Date.now(), changes: changes.slice(start, start + MOST_CHANGES) });
    writeWhole(join(dir, 'spool', `${String(Date.now()).padStart(15, '0')}-${String(start).padStart(9, '0')}-${id}.json`), JSON.stringify({ id, body }));
  }
  return Math.ceil(changes.length / MOST_CHANGES);
}

/** Send what waits, the oldest first; what cannot be sent waits for the next push, or for `slipway hook send`. */
export async function sendWaiting(dir: string): Promise<Sent> {
  const lock = join(dir, 'spool', '.lock');
  if (!take(lock)) return { sent: 0, waiting: waiting(dir).length, why: 'another push is sending' };
  const deadline = Date.now() + ALL_MS;
  let sent = 0;
  try {
    for (const name of waiting(dir)) {
      if (Date.now() > deadline) return { sent, waiting: waiting(dir).length, why: 'it takes too long' };
      const why = await send(dir, join(dir, 'spool', name));
      if (why !== undefined) return { sent, waiting: waiting(dir).length, why };
      rmSync(join(dir, 'spool', name), { force: true });
      sent += 1;
    }
    return { sent, waiting: waiting(dir).length };
  } finally {
    rmSync(lock, { force: true });
  }
}

function configOf(dir: string): HookConfig {
  return JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8')) as HookConfig; // written by the installer, for this account only
}

/** Undefined when it arrived; else why not. */
async function send(dir: string, file: string): Promise<string | undefined> {
  const { id, body } = JSON.parse(readFileSync(file, 'utf8')) as { id: string; body: string }; // our own file
  const { url } = configOf(dir);
  const time = String(Math.floor(Date.now() / 1_000));
  const secret = readFileSync(join(dir, 'secret'), 'utf8').trim();
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': `v1,${signature}`,
  };
  const status = await post(url, headers, body).catch((cause: unknown) => (cause instanceof Error ? cause.message : String(cause)));
  if (typeof status === 'string') return status;
  return status >= 200 && status < 300 ? undefined : `it answers ${status}`;
}

function post(url: string, headers: Readonly<Record<string, string | number>>, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const open = url.startsWith('https:') ? requestHttps : requestHttp;
    const outgoing = open(url, { method: 'POST', headers, agent: false, timeout: ANSWER_MS }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', reject);
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
    outgoing.on('error', reject);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.end(body);
  });
}

/** Names in the spool, the oldest first. */
function waiting(dir: string): readonly string[] {
  return readdirSync(join(dir, 'spool'))
    .filter((name) => name.endsWith('.json'))
    .sort();
}

/** On disk before it has its name, so that a file with a name is whole. */
function writeWhole(path: string, text: string): void {
  const handle = openSync(`${path}.half`, 'wx', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${path}.half`, path);
}

function take(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch {
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age < LOCK_MS) return false;
    rmSync(lock, { force: true }); // its process is long gone
    return take(lock);
  }
}

async function main(): Promise<void> {
  const dir = import.meta.dirname;
  mkdirSync(join(dir, 'spool'), { recursive: true, mode: 0o700 });
  spool(dir, readFileSync(0, 'utf8'));
  const { waiting: left, why } = await sendWaiting(dir);
  const words =
    left === 0
      ? 'slipway: told'
      : `slipway: not told yet (${why}); ${left} ${left === 1 ? 'push waits' : 'pushes wait'} for the next one or for "slipway hook send"`;
  process.stderr.write(`${words}\n`);
}

// Git runs it as a program; Slipway imports it.
// Its folder may be reached through a link.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  await main().catch((cause: unknown) => {
    process.stderr.write(`slipway: ${cause instanceof Error ? cause.message : String(cause)}\n`); // a push is never held up
  });
}
