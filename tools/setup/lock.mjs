import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { elapsed, say } from './say.mjs';

const BEAT_MS = 3_000;
const STALE_MS = 30_000;

/**
 * Hold a lock file while `work` runs, so that two setups do not do the same thing at once. The holder touches the file
 * every 3 seconds; a lock that nobody touched for 30 seconds, or whose process on this machine is gone, is taken over.
 */
export async function withLock(file, label, work) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  await take(file, mine, label);
  const beat = setInterval(() => touch(file), BEAT_MS);
  const release = () => content(file) === mine && rmSync(file, { force: true });
  process.on('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    process.off('exit', release);
    release();
  }
}

async function take(file, mine, label) {
  const since = Date.now();
  for (let said = 0; !create(file, mine); await delay(250)) {
    const other = content(file);
    if (other !== undefined && isStale(file, other)) {
      removeExactly(file, other);
      continue;
    }
    if (Date.now() - said < 8_000) continue;
    said = Date.now();
    say(`${label}: waiting for another setup${words(other)} (${elapsed(since)})`);
  }
}

function create(file, mine) {
  try {
    writeFileSync(file, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isStale(file, other) {
  try {
    if (Date.now() - statSync(file).mtimeMs > STALE_MS) return true;
  } catch {
    return false; // gone already; the next attempt to create it decides
  }
  const holder = parse(other);
  return holder.host === hostname() && Number.isInteger(holder.pid) && !isAlive(holder.pid);
}

/** Two waiters may find the same stale lock; only the one that moves away exactly that content has removed it. */
function removeExactly(file, expected) {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  try {
    if (content(aside) !== expected) linkSync(aside, file);
  } catch {
    // a third one created it meanwhile; the holder of the moved lock only loses mutual exclusion, and all results are renamed into place
  }
  rmSync(aside, { force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function content(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // somebody took it over; they will find our result in place or build their own
  }
}

function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // killed between creating and writing: it goes stale by its age
  }
}

function words(other) {
  const { pid } = parse(other ?? '');
  return pid === undefined ? '' : ` (process ${pid})`;
}
