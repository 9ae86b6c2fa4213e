import { setImmediate as breathe } from 'node:timers/promises';
import { remember, type RepositoryFile } from '../runbook/index.ts';

const SLICE_MS = 20;

/** Read files before they are needed all at once: a first reading of many takes long, and others have work to do meanwhile. */
export async function readAhead(files: readonly RepositoryFile[]): Promise<void> {
  let since = performance.now();
  for (const file of files) {
    remember(file);
    if (performance.now() - since < SLICE_MS) continue;
    await breathe();
    since = performance.now();
  }
}
