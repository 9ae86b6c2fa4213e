import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/index.ts';
import { type Journal, type JournalOptions, openJournal } from '../../src/journal/index.ts';
import { type Body, leaseOf, RUN } from './contract/place.ts';

export { type Body, leaseOf, RUN };

/** A folder of its own, removed afterwards with the journals that were opened in it. */
export function place(): { readonly dir: string; readonly open: (options?: Partial<JournalOptions>) => Journal<Body> } & AsyncDisposable {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-journal-'));
  const opened: Journal<Body>[] = [];
  return {
    dir,
    open: (options = {}) => {
      const journal = openJournal<Body>({ dir, clock: systemClock, ...options });
      opened.push(journal);
      return journal;
    },
    [Symbol.asyncDispose]: async () => {
      for (const journal of opened) await journal[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
