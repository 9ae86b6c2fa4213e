import { type Driver, isTerminal, RUN_STATES, runStateOf, type RunState, type Standstill, standstillOf, stateOf } from '../engine/index.ts';
import type { RunRow } from '../journal/index.ts';
import type { RunJournal, Wiring } from './wiring.ts';

/** One run that has not ended. */
export interface OpenRun {
  readonly id: string;
  readonly runbook: string;
  readonly state: string;
  readonly driver: Driver;
  readonly standstill: readonly Standstill[];
}
/** How the engine of this state store is doing. */
export interface Overview {
  readonly engine: string;
  readonly counts: { readonly [state: string]: number };
  /** Processes that hold leases. */
  readonly drivers: readonly { readonly owner: string; readonly runs: number; readonly alive: boolean }[];
  readonly open: readonly OpenRun[];
}
export const OPEN_STATES: readonly RunState[] = RUN_STATES.filter((state) => !isTerminal(state));
const MOST_RUNS = 1_000_000;

export async function overview(wiring: Wiring): Promise<Overview> {
  const journal = await wiring.journal();
  const rows = await journal.runs({ limit: MOST_RUNS });
  const open = await Promise.all(rows.filter(({ state }) => !isTerminal(state)).map((row) => openRun(journal, wiring, row)));
  const counts = Object.fromEntries([...Map.groupBy(rows, ({ state }) => state)].map(([state, those]) => [state, those.length]));
  const held = Map.groupBy(
    open.filter(({ driver }) => driver.state !== 'none'),
    ({ driver }) => ('owner' in driver ? driver.owner : ''),
  );
  const drivers = [...held].map(([owner, runs]) => ({ owner, runs: runs.length, alive: runs.some(({ driver }) => driver.state === 'alive') }));
  return { engine: 'local', counts, drivers, open };
}

async function openRun(journal: RunJournal, wiring: Wiring, row: RunRow): Promise<OpenRun> {
  const data = stateOf(await journal.read(row.id));
  const driver = driverOf(row, wiring);
  const { id, runbook } = row;
  return { id, runbook, state: runStateOf(data), driver, standstill: standstillOf(data, { now: wiring.clock.now(), driver }) };
}

export function driverOf({ lease }: Pick<RunRow, 'lease'>, { clock, isDead }: Pick<Wiring, 'clock' | 'isDead'>): Driver {
  if (!lease) return { state: 'none' };
  const { owner, expiresAt } = lease;
  return expiresAt > clock.now() && !isDead(owner) ? { state: 'alive', owner, expiresAt } : { state: 'gone', owner };
}
