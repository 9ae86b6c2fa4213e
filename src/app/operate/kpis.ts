import { SlipwayError } from '../../core/index.ts';
import { commitTime } from '../../repo/index.ts';
import { type KpiRun, kpiRunOf, type Kpis, kpisOf } from '../../report/index.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';

export interface KpiQuery {
  /** Length of the time that ends now, in milliseconds. */
  readonly lastMs: number;
  readonly runbook?: string;
}
const MOST_ROWS = 1_000_000;

/** How changes went, from the journal; when commits were made, from the repository that the session works in. */
export async function kpis(session: Session, wiring: Wiring, { lastMs, runbook }: KpiQuery): Promise<Kpis> {
  const journal = await wiring.journal();
  const to = wiring.clock.now();
  const from = to - lastMs;
  const rows = await journal.runs({ limit: MOST_ROWS, ...(runbook === undefined ? {} : { runbook }) });
  const runs: KpiRun[] = [];
  for (const row of rows.filter(({ rehearsal, labels, updatedAt }) => !rehearsal && !('parent' in labels) && updatedAt >= from)) {
    session.signal.throwIfAborted();
    runs.push(kpiRunOf({ row, events: await journal.read(row.id) }));
  }
  const times = await timesOf(session, wiring, runs);
  return kpisOf(runs, { from, to, committedAt: (commit) => times.get(commit) });
}

/** Commits that this repository does not know have no time: lead times of other repositories are not made up. */
async function timesOf({ root, signal }: Session, { git }: Wiring, runs: readonly KpiRun[]): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for (const commit of new Set(runs.flatMap(({ commit: each }) => each ?? []))) {
    const at = await commitTime(root, commit, { ...git, signal }).catch((cause: unknown) => unknown(cause));
    if (at !== undefined) times.set(commit, at);
  }
  return times;
}

function unknown(cause: unknown): undefined {
  if (cause instanceof SlipwayError && (cause.code.startsWith('GIT_') || cause.code === 'COMMIT_NOT_FOUND' || cause.code === 'NOT_A_REPOSITORY'))
    return undefined;
  throw cause;
}
