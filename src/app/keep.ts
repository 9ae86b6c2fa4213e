import { EXIT, type JsonObject, SlipwayError } from '../core/index.ts';
import { TERMINAL_STATES } from '../engine/index.ts';
import { exportLines, type Family, importLines, prunable, removeSpilled } from '../journal/index.ts';
import type { Keeping, KeepWiring, Pruned, PruneRequest } from './keep-types.ts';
import type { Session } from './types.ts';
import type { Wiring } from './wiring.ts';

const TERMINAL: ReadonlySet<string> = new Set(TERMINAL_STATES);
/** Families that one transaction removes: others wait meanwhile. */
const FAMILIES = 50;

/** The use cases about the journal as a whole. */
export function keepers(wiring: Wiring): Keeping {
  return {
    prune: (session, request) => prune(session, wiring, request),
    exportRuns: async function* () {
      await using archive = await wiring.archive();
      yield* exportLines(
        archive,
        (await archive.runs()).map(({ id }) => id),
      );
    },
    importRuns: async (session, lines) => {
      await using archive = await wiring.archive();
      const told = await importLines(archive, lines);
      const { imported, same, refused } = told;
      await audit(session, wiring, { action: 'journal.import', details: { imported, same: same.length, refused: refused.map(({ id }) => id) } });
      return told;
    },
    backUp: async (session, file) => {
      const told = await backupsOf(wiring).make(file);
      await audit(session, wiring, { action: 'journal.backup', details: { file, runs: told.runs, evidence: told.evidence } });
      return told;
    },
    restore: async (session, file, { replace }) => {
      const told = await backupsOf(wiring).restore(file, replace);
      // In the audit that was restored; the one before is in the copy that is kept.
      await audit(session, wiring, { action: 'journal.restore', details: { ...told, file } });
      return told;
    },
    audit: async (_session, query) => {
      const store = await wiring.store();
      return store.audit.read(query);
    },
    verifyAudit: async () => {
      const store = await wiring.store();
      const verified = await store.audit.verify();
      if (verified.ok) return { ok: true, text: `${verified.records} records, no gap, chain whole; head ${verified.head}` };
      return { ok: false, text: verified.why };
    },
  };
}

async function prune(session: Session, wiring: Wiring, { olderThanMs, keepEvidence, dryRun }: PruneRequest): Promise<Pruned> {
  await using archive = await wiring.archive();
  const families = prunable(await archive.runs(), TERMINAL, wiring.clock.now() - olderThanMs);
  if (dryRun) return { runs: idsOf(families), stayed: [], evidence: 0, bytes: 0 };
  const gone: string[] = [];
  for (let from = 0; from < families.length && !session.signal.aborted; from += FAMILIES) {
    const batch = families.slice(from, from + FAMILIES);
    // Before they go, with the hash that each ended in: whoever kept an export can still prove what it was.
    const runs = batch.flat().map(({ id, state, lastSeq, head }) => ({ id, state, events: lastSeq, head }));
    await audit(session, wiring, { action: 'journal.prune', details: { olderThanMs, keepEvidence, runs } });
    gone.push(...idsOf(await archive.remove(batch, { keepEvidence })));
  }
  await removeSpilled(session.stateDir, gone);
  const reclaimed = await archive.reclaim();
  const left = new Set(gone);
  const stayed = idsOf(families).filter((id) => !left.has(id));
  if (families.length > 0) await audit(session, wiring, { action: 'journal.pruned', details: { runs: gone.length, stayed, ...reclaimed } });
  return { runs: gone, stayed, ...reclaimed };
}

function idsOf(families: readonly Family[]): readonly string[] {
  return families.flat().map(({ id }) => id);
}

async function audit(session: Session, wiring: Wiring, { action, details }: { readonly action: string; readonly details: JsonObject }): Promise<void> {
  const store = await wiring.store();
  await store.audit.append({ actor: session.actor, action, object: 'journal', details });
}

function backupsOf({ backups }: KeepWiring): NonNullable<KeepWiring['backups']> {
  if (backups) return backups;
  throw new SlipwayError('BACKUP_ELSEWHERE', 'this journal is in PostgreSQL, which has its own tools for backups', {
    exitCode: EXIT.usage,
    hint: 'use pg_dump as docs/journal.md shows, or "slipway journal export --all"',
  });
}
