import { readFileSync, writeSync } from 'node:fs';
import { systemClock } from '../../src/core/index.ts';
import { backUpSqlite, importLines, openSqliteArchive, prunable, restoreSqlite } from '../../src/journal/index.ts';
import { VAULT_KEY } from './contract/place.ts';

// Does one thing with a whole journal, and may be killed meanwhile. With a number, it kills itself at that boundary.
const [what = '', dir = '', file = '', at = '-1'] = process.argv.slice(2);
let boundaries = 0;
const onBoundary = (): void => {
  if (boundaries++ === Number(at)) process.kill(process.pid, 'SIGKILL');
};
const archive = () => openSqliteArchive({ dir, clock: systemClock, onBoundary });
const work: { readonly [what: string]: () => Promise<unknown> } = {
  backup: () => backUpSqlite({ dir, clock: systemClock }, file),
  restore: () => restoreSqlite({ dir, file, clock: systemClock, replace: true, vaultKey: VAULT_KEY, fences: [] }),
  prune: async () => {
    await using runs = archive();
    const families = prunable(await runs.runs(), new Set(['succeeded']), Date.now() + 1_000);
    for (const family of families) await runs.remove([family], { keepEvidence: false });
    await runs.reclaim();
  },
  import: async () => {
    await using runs = archive();
    const lines = readFileSync(file, 'utf8').split('\n');
    await importLines(
      runs,
      (async function* () {
        yield* lines;
      })(),
    );
  },
};
writeSync(1, 'begins\n');
await work[what]?.();
