import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The cache of this user: `${XDG_CACHE_HOME:-~/.cache}/slipway`, or `SLIPWAY_CACHE`. */
export function cacheDir(env) {
  return env.SLIPWAY_CACHE || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'slipway');
}

/** A log in the cache that keeps its last lines at hand. */
export function logFile(env, name) {
  const folder = join(cacheDir(env), 'logs');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.log`);
  const handle = openSync(path, 'w');
  const last = [];
  return {
    path,
    line: (text) => {
      writeSync(handle, `${text}\n`);
      last.push(text);
      if (last.length > 20) last.shift();
    },
    tail: () => last.map((text) => `  | ${text}`).join('\n'),
    close: () => closeSync(handle),
  };
}
