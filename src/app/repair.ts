import { isTerminal, runStateOf, stateOf } from '../engine/index.ts';
import type { RunRow } from '../journal/index.ts';
import { driverOf } from './overview.ts';
import type { Session } from './types.ts';
import type { RunJournal, Wiring } from './wiring.ts';

/** Something about a run that does not fit together. */
export interface Repair {
  readonly runId: string;
  readonly found: string;
  /** What was done, or would be; absent when only a person can tell what is right. */
  readonly mend?: string;
  readonly next?: string;
}
export interface RepairOptions {
  /** Only this run. */
  readonly runId?: string;
  /** Say what would be done, and do nothing. */
  readonly dryRun: boolean;
}
const MOST_RUNS = 1_000_000;
const REPAIR_TTL_MS = 10_000;

/**
 * Look for runs whose parts do not fit together and mend what follows from their events alone. No event is written and no result is made up: what
 * happened is only what was recorded.
 */
export async function repairRuns(session: Session, wiring: Wiring, { runId, dryRun }: RepairOptions): Promise<readonly Repair[]> {
  const journal = await wiring.journal();
  const rows = (await journal.runs({ limit: MOST_RUNS })).filter(({ id }) => runId === undefined || id === runId);
  const repairs: Repair[] = [];
  for (const row of rows) {
    session.signal.throwIfAborted();
    repairs.push(...(await repairRun(journal, wiring, { row, dryRun })));
  }
  return repairs;
}

async function repairRun(journal: RunJournal, wiring: Wiring, { row, dryRun }: { readonly row: RunRow; readonly dryRun: boolean }): Promise<readonly Repair[]> {
  const { id } = row;
  const verified = await journal.verify(id);
  if (!verified.ok)
    return [{ runId: id, found: `its journal was changed: ${verified.why}`, next: `restore the state folder from a backup; keep the damaged one` }];
  const data = stateOf(await journal.read(id));
  const driver = driverOf(row, wiring);
  if (driver.state === 'alive') return [];
  const told = runStateOf(data);
  const repairs: Repair[] = [];
  if (row.state !== told && (isTerminal(row.state) || isTerminal(told))) {
    if (!dryRun) await setState(journal, wiring, { id, state: told });
    repairs.push({ runId: id, found: `lists show it ${row.state}, and its events say ${told}`, mend: `lists show it ${told}` });
  } else if (driver.state === 'gone') {
    if (!dryRun) await setState(journal, wiring, { id, state: row.state });
    repairs.push({ runId: id, found: `its lease is still with ${driver.owner}, which is gone`, mend: 'the lease is free' });
  }
  if (!isTerminal(told) && told !== 'attention' && told !== 'paused')
    repairs.push({ runId: id, found: `it is ${told} and nobody drives it`, next: `slipway resume ${id}` });
  return repairs;
}

/** Only whoever holds the lease may write, also here; taking it fences off a driver that is not quite gone. */
async function setState(journal: RunJournal, wiring: Wiring, { id, state }: { readonly id: string; readonly state: string }): Promise<void> {
  const lease = await journal.acquire(id, wiring.owner, REPAIR_TTL_MS);
  if ('heldBy' in lease) return;
  await journal.setState(id, state, lease);
  await journal.release(lease);
}
