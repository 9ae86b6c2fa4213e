import { messageOf } from '../core/index.ts';
import type { RunRow } from '../journal/index.ts';
import { drive } from './drive.ts';
import { driverOf, OPEN_STATES } from './overview.ts';
import type { Session } from './types.ts';
import type { Wiring } from './wiring.ts';

export interface SuperviseOptions {
  /** Most runs that this process drives at once. */
  readonly most: number;
  /** How often runs without a driver are looked for, in milliseconds. */
  readonly pollMs?: number;
  /** Called when a run was left or has ended, with its state. */
  readonly onLeft?: (runId: string, state: string) => void;
}
const POLL_MS = 1_000;
const MOST_ROWS = 100_000;
/** A run that cannot be driven is tried again after this long, and after twice that, up to the longest. */
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 300_000;

/** What this process knows of a run it drove or tried to drive. */
interface Known {
  /** Sequence number after which nothing more could be done without a person. */
  readonly seq: number;
  readonly failures: number;
  readonly notBefore: number;
}

/**
 * Drive every run of the store that nobody drives, until the session drains or its signal aborts: no run is an orphan for longer than a
 * moment. Many processes may do so on one store; leases share the runs among them. Rehearsals belong to the process that plays their world.
 */
export async function supervise(session: Session, wiring: Wiring, options: SuperviseOptions): Promise<void> {
  const { most, pollMs = POLL_MS } = options;
  const stop = AbortSignal.any([session.signal, ...(session.drain ? [session.drain] : [])]);
  const journal = await wiring.journal();
  const driven = new Map<string, Promise<void>>();
  const known = new Map<string, Known>();
  while (!stop.aborted) {
    const rows = await journal.runs({ states: OPEN_STATES, limit: MOST_ROWS });
    for (const row of waiting(rows, { wiring, known, driven })) {
      if (driven.size >= most) break;
      const one = driveOne(session, wiring, { row, known, options }).finally(() => driven.delete(row.id));
      driven.set(row.id, one);
    }
    forget(known, rows);
    await wiring.clock.sleep(pollMs, stop).catch(() => undefined);
  }
  await Promise.all(driven.values());
}

interface Looked {
  readonly wiring: Wiring;
  readonly known: ReadonlyMap<string, Known>;
  readonly driven: ReadonlyMap<string, unknown>;
}

/** Runs that a driver could take further, oldest first. */
function waiting(rows: readonly RunRow[], { wiring, known, driven }: Looked): readonly RunRow[] {
  const busy = groupsUnderWay(rows, driven);
  return rows.toReversed().filter((row) => {
    const { id, rehearsal, lastSeq, state, concurrencyGroup: group, labels } = row;
    // A called run is driven by whoever drives its caller.
    if (rehearsal || 'parent' in labels || driven.has(id) || driverOf(row, wiring).state === 'alive') return false;
    // One that waits for its turn needs no driver before it may come: its turn is looked for by whoever drives it then.
    if (state === 'queued' && group !== undefined && busy.has(group)) return false;
    const before = known.get(id);
    if (before === undefined) return true;
    return before.failures > 0 ? wiring.clock.now() >= before.notBefore : lastSeq > before.seq;
  });
}

/** Concurrency groups in which this process has a run waiting for its turn already. */
function groupsUnderWay(rows: readonly RunRow[], driven: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  return new Set(
    rows.flatMap(({ id, state, concurrencyGroup }) => (state === 'queued' && driven.has(id) && concurrencyGroup !== undefined ? [concurrencyGroup] : [])),
  );
}

async function driveOne(
  session: Session,
  wiring: Wiring,
  { row, known, options }: { readonly row: RunRow; readonly known: Map<string, Known>; readonly options: SuperviseOptions },
): Promise<void> {
  const { id } = row;
  try {
    const { state } = await drive(session, wiring, id).done;
    const seq = (await (await wiring.journal()).run(id))?.lastSeq ?? 0;
    known.set(id, { seq, failures: 0, notBefore: 0 });
    options.onLeft?.(id, state);
  } catch (cause) {
    const failures = (known.get(id)?.failures ?? 0) + 1;
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (failures - 1));
    known.set(id, { seq: row.lastSeq, failures, notBefore: wiring.clock.now() + restMs });
    // Another process was faster: nothing to tell.
    if (!isLocked(cause)) session.notice(`${id} cannot be driven here: ${messageOf(cause)}; tried again in ${Math.round(restMs / 1_000)} s`);
  }
}

function isLocked(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'LOCKED' || cause.code === 'JOURNAL_FENCED');
}

function forget(known: Map<string, Known>, rows: readonly RunRow[]): void {
  const open = new Set(rows.map(({ id }) => id));
  for (const id of known.keys()) if (!open.has(id)) known.delete(id);
}
