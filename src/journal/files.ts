import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomText } from '../core/index.ts';

/**
 * Make a file whole or not at all, also across a power cut: written beside its place, synced, then put there.
 *
 * @param how `keep` leaves a file that somebody else was faster to make; `replace` puts ours in its place.
 */
export function publishFile(file: string, bytes: Uint8Array, how: 'keep' | 'replace'): void {
  const draft = `${file}.${randomText(10)}`;
  try {
    const handle = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(handle, bytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (how === 'replace') renameSync(draft, file);
    else linkSync(draft, file);
    syncFolder(dirname(file));
  } catch (cause) {
    if (!(how === 'keep' && cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Make the names in a folder durable. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
