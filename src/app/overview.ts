import { SlipwayError } from '../core/index.ts';
import { type Driver, isTerminal, RUN_STATES, runStateOf, type RunState, type Standstill, standstillOf, stateOf } from '../engine/index.ts';
import type { RunRow } from '../journal/index.ts';
import { isRemote } from './remote.ts';
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
  /** Why nobody drives new runs just now, and what to do. */
  readonly trouble?: { readonly reason: string; readonly next: string };
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
  const server = await serverOf(wiring);
  const open = await Promise.all(rows.filter(({ state }) => !isTerminal(state)).map((row) => openRun(journal, wiring, { row, server })));
  const counts = Object.fromEntries([...Map.groupBy(rows, ({ state }) => state)].map(([state, those]) => [state, those.length]));
  const held = Map.groupBy(
    open.filter(({ driver }) => driver.state !== 'none'),
    ({ driver }) => ('owner' in driver ? driver.owner : ''),
  );
  const drivers = [...held].map(([owner, runs]) => ({ owner, runs: runs.length, alive: runs.some(({ driver }) => driver.state === 'alive') }));
  const { name, trouble } = server;
  return { engine: name, ...(trouble ? { trouble: { reason: trouble.reason, next: trouble.next } } : {}), counts, drivers, open };
}

/** The engine that drives new runs; of one on a server also whether anybody works for it. */
interface Server {
  readonly name: string;
  /** Why nobody drives its runs just now. */
  readonly trouble?: Omit<Standstill, 'since'>;
}

async function serverOf({ engine }: Wiring): Promise<Server> {
  if (!engine) return { name: 'local' };
  const server = await engine();
  try {
    return { name: server.name, ...((await server.hasWorker()) ? {} : { trouble: DESERTED }) };
  } catch (cause) {
    // What the journal says of runs is true also while the server is away.
    if (!(cause instanceof SlipwayError)) throw cause;
    return { name: server.name, trouble: { kind: 'driver', reason: cause.message, next: cause.hint ?? 'look after the server' } };
  }
}

async function openRun(journal: RunJournal, wiring: Wiring, { row, server }: { readonly row: RunRow; readonly server: Server }): Promise<OpenRun> {
  const data = stateOf(await journal.read(row.id));
  const driver = driverOf(row, wiring);
  const { id, runbook } = row;
  const standstill = standstillOf(data, { now: wiring.clock.now(), driver });
  const deserted = isRemote(row) && server.trouble ? [{ ...server.trouble, since: data.at }] : [];
  return { id, runbook, state: runStateOf(data), driver, standstill: [...deserted, ...standstill] };
}

const DESERTED = { kind: 'driver', reason: 'no worker takes runs from the engine', next: 'slipway worker' } as const;

export function driverOf({ lease }: Pick<RunRow, 'lease'>, { clock, isDead }: Pick<Wiring, 'clock' | 'isDead'>): Driver {
  if (!lease) return { state: 'none' };
  const { owner, expiresAt } = lease;
  return expiresAt > clock.now() && !isDead(owner) ? { state: 'alive', owner, expiresAt } : { state: 'gone', owner };
}
