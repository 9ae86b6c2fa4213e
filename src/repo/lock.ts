import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Clock, messageOf, randomText, SlipwayError } from '../core/index.ts';

const POLL_MS = 50;
const WAIT_MS = 10 * 60_000;
/** A lock of another machine on a shared folder is given up after this long; ours are checked by process id. */
const FOREIGN_MS = 15 * 60_000;

/**
 * Do something while no other process does it. A lock whose process is dead is taken over. Should two processes ever hold it at once, nothing
 * breaks: whatever is done under it ends with one atomic rename.
 *
 * @throws {SlipwayError} `REPO_LOCKED` after ten minutes.
 */
export async function withLock<T>(
  file: string,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
  action: () => Promise<T>,
): Promise<T> {
  const owner = `${hostname()} ${process.pid} ${randomText(8)}`;
  const deadline = clock.monotonic() + WAIT_MS;
  while (!(await take(file, owner))) {
    if (await isAbandoned(file, clock)) await steal(file);
    else if (clock.monotonic() > deadline)
      throw new SlipwayError('REPO_LOCKED', `another process has held ${file} for ten minutes`, { hint: 'end that process, or delete the file' });
    else await clock.sleep(POLL_MS, signal);
  }
  try {
    return await action();
  } finally {
    if ((await ownerOf(file)) === owner) await rm(file, { force: true });
  }
}

async function take(file: string, owner: string): Promise<boolean> {
  try {
    await using handle = await open(file, 'wx', 0o600);
    await handle.writeFile(owner);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw new SlipwayError('REPO_CACHE', `cannot write ${file}: ${messageOf(cause)}`, {
      hint: 'check the permissions of the state folder and the free space',
      cause,
    });
  }
}

async function isAbandoned(file: string, clock: Clock): Promise<boolean> {
  const [host, pid] = ((await ownerOf(file)) ?? '').split(' ');
  const age = await stat(file).then(
    ({ mtimeMs }) => clock.now() - mtimeMs,
    () => 0,
  );
  // An empty file: its process died, or has not come to writing yet.
  if (host === '' || host === undefined) return age > 2_000;
  return host === hostname() ? !isAlive(Number(pid)) : age > FOREIGN_MS;
}

async function steal(file: string): Promise<void> {
  const aside = `${file}.${randomText(8)}`;
  // Only one of several thieves can rename the file away.
  await rename(file, aside).catch(() => undefined);
  await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return codeOf(cause) === 'EPERM';
  }
}

async function ownerOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
