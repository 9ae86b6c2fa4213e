import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = 'output';

interface Named {
  readonly runId: string;
  readonly path: string;
  readonly attempt: number;
  readonly host?: string;
  readonly stream: string;
}

/**
 * Files beside a journal for output that is too long for its log: `output/<run>/<step>/<host>.<attempt>.stdout`. A file is made when it is first
 * needed, and only whoever runs Slipway may read it.
 *
 * @param dir absolute path of the folder of the journal.
 */
export function openSpillIn(dir: string): (name: Named) => { readonly place: string; write(text: string): void; close(keep: boolean): void } {
  return ({ runId, path, attempt, host, stream }) => {
    // No part of a name leads out of the folder: what is no letter or digit is written as its code, and a step may be called "..".
    const folder = join(FOLDER, safe(runId), safe(path));
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
    const { place, handle } = create(dir, (nth) => join(folder, `${host === undefined ? 'step' : safe(host)}.${attempt}${nth}.${stream}`));
    return {
      place,
      write: (text) => {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
      },
      close: (keep) => {
        closeSync(handle);
        if (!keep) rmSync(join(dir, place), { force: true });
      },
    };
  };
}

/** Remove what runs spilled, when they go themselves. */
export async function removeSpilled(dir: string, runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) await rm(join(dir, FOLDER, safe(runId)), { recursive: true, force: true });
}

/** A new file; an attempt that begins again on a host does not write over what it said before. */
function create(dir: string, placeOf: (nth: string) => string): { readonly place: string; readonly handle: number } {
  for (let nth = 1; ; nth++) {
    const place = placeOf(nth === 1 ? '' : `-${nth}`);
    try {
      return { place, handle: openSync(join(dir, place), 'wx', 0o600) };
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    }
  }
}

function safe(part: string): string {
  return part.replaceAll(/[^A-Za-z0-9_-]/g, (char) => (char === '.' ? char : `%${Buffer.from(char).toString('hex')}`)).replace(/^\./, '%2e');
}
