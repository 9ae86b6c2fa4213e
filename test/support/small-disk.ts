import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own with little room; undefined where nobody may mount one. */
export function smallDisk(sizeBytes: number): ({ readonly dir: string; readonly grow: (toBytes: number) => void } & Disposable) | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    rmdirSync(dir);
    return undefined;
  }
  return {
    dir,
    grow: (toBytes) => void execFileSync('mount', ['-o', `remount,size=${toBytes}`, dir], { stdio: 'ignore' }),
    [Symbol.dispose]: () => {
      // Also while something still has it open: it goes away with the last one.
      execFileSync('umount', ['-l', dir], { stdio: 'ignore' });
      rmdirSync(dir);
    },
  };
}
