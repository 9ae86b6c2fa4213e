import type { Reclaimed } from '../archive/port.ts';
import { guarded, prepared, type Store, transact } from './database.ts';
import { listEvidence, removeEvidence } from './evidence-files.ts';

const IS_NAMED = 'SELECT 1 FROM evidence WHERE digest = ? LIMIT 1';
const IS_DRIVEN = 'SELECT 1 FROM runs WHERE lease_owner IS NOT NULL AND lease_expires > ? LIMIT 1';
/** Pages that one transaction gives back: others wait meanwhile. */
const PAGES = 1_000;
const INCREMENTAL = 2;

/** Remove evidence that nobody names, and give free pages of the file back to the disk. */
export function reclaim(store: Store, evidenceDir: string): Reclaimed {
  const named = prepared(store, IS_NAMED);
  let [evidence, bytes] = [0, 0];
  for (const piece of guarded(() => listEvidence(evidenceDir))) {
    if (named.get(piece.digest)) continue;
    // Under the lock: whoever is about to name it does so before or after, and looks at the file again after.
    transact(store, 'reclaim', () => {
      if (named.get(piece.digest)) return;
      removeEvidence(evidenceDir, piece.digest);
      evidence += 1;
      bytes += piece.bytes;
    });
  }
  return { evidence, bytes: bytes + freePages(store) };
}

/** @returns bytes that the file became smaller. */
function freePages(store: Store): number {
  const before = pragma(store, 'page_count');
  if (pragma(store, 'auto_vacuum') === INCREMENTAL) {
    while (pragma(store, 'freelist_count') > 0) guarded(() => store.database.exec(`PRAGMA incremental_vacuum(${PAGES})`));
  } else if (!prepared(store, IS_DRIVEN).get(store.clock.now())) {
    // Of an older Slipway. It is rewritten once, which keeps everybody else waiting: not while a run goes on.
    guarded(() => store.database.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}; VACUUM`));
  }
  guarded(() => store.database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  return Math.max(0, before - pragma(store, 'page_count')) * pragma(store, 'page_size');
}

function pragma(store: Store, name: string): number {
  return guarded(() => Number(store.database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0));
}
