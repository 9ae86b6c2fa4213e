import { type Clock, messageOf } from '../core/index.ts';
import type { RunRow } from '../journal/index.ts';
import { drive } from './drive.ts';
import { driverOf, OPEN_STATES } from './overview.ts';
import { isRemote } from './remote.ts';
import type { Session } from './types.ts';
import type { RunJournal, Wiring } from './wiring.ts';

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

/** Everything that looking after runs needs. */
export interface Supervision extends SuperviseOptions {
  readonly journal: RunJournal;
  readonly clock: Clock;
  readonly isDead: (owner: string) => boolean;
  /** Take no further run when it aborts; what is driven is waited for. */
  readonly stop: AbortSignal;
  /** Drive one run until it ends or has to be left. */
  readonly drive: (runId: string) => Promise<{ readonly state: string }>;
  readonly notice: (line: string) => void;
}

/** Drive every run of the store that nobody drives, until the session drains or its signal aborts. */
export async function supervise(session: Session, wiring: Wiring, options: SuperviseOptions): Promise<void> {
  const { clock, isDead } = wiring;
  await superviseRuns({
    ...options,
    ...{ journal: await wiring.journal(), clock, isDead, notice: session.notice },
    stop: AbortSignal.any([session.signal, ...(session.drain ? [session.drain] : [])]),
    // Whoever drives all runs tells of all of them, too.
    drive: async (runId) => (await drive({ ...session, isTold: true }, wiring, runId)).done,
  });
}

/**
 * Drive every run that nobody drives: no run is an orphan for longer than a moment. Many processes may do so on one store; leases share the
 * runs among them. Rehearsals belong to the process that plays their world.
 */
export async function superviseRuns(supervision: Supervision): Promise<void> {
  const { journal, clock, stop, most, pollMs = POLL_MS } = supervision;
  const driven = new Map<string, Promise<void>>();
  const known = new Map<string, Known>();
  while (!stop.aborted) {
    const rows = await journal.runs({ states: OPEN_STATES, limit: MOST_ROWS }).catch((cause: unknown) => told(supervision, cause));
    for (const row of waiting(rows, { supervision, known, driven })) {
      if (driven.size >= most) break;
      driven.set(
        row.id,
        driveOne(supervision, row, known).finally(() => driven.delete(row.id)),
      );
    }
    forget(known, rows);
    await clock.sleep(pollMs, stop).catch(() => undefined);
  }
  await Promise.all(driven.values());
}

/** A store that is away comes back; until then there is nothing to drive. */
function told({ notice }: Supervision, cause: unknown): readonly RunRow[] {
  notice(`the runs cannot be listed: ${messageOf(cause)}`);
  return [];
}

interface Looked {
  readonly supervision: Supervision;
  readonly known: ReadonlyMap<string, Known>;
  readonly driven: ReadonlyMap<string, unknown>;
}

/** Runs that a driver could take further, oldest first. */
function waiting(rows: readonly RunRow[], { supervision, known, driven }: Looked): readonly RunRow[] {
  const busy = groupsUnderWay(rows, driven);
  return rows.toReversed().filter((row) => {
    const { id, rehearsal, lastSeq, state, concurrencyGroup: group, labels } = row;
    // A called run is driven by whoever drives its caller.
    if (rehearsal || 'parent' in labels || isRemote(row) || driven.has(id) || driverOf(row, supervision).state === 'alive') return false;
    // One that waits for its turn needs no driver before it may come: its turn is looked for by whoever drives it then.
    if (state === 'queued' && group !== undefined && busy.has(group)) return false;
    const before = known.get(id);
    if (before === undefined) return true;
    return before.failures > 0 ? supervision.clock.now() >= before.notBefore : lastSeq > before.seq;
  });
}

/** Concurrency groups in which this process has a run waiting for its turn already. */
function groupsUnderWay(rows: readonly RunRow[], driven: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  return new Set(
    rows.flatMap(({ id, state, concurrencyGroup }) => (state === 'queued' && driven.has(id) && concurrencyGroup !== undefined ? [concurrencyGroup] : [])),
  );
}

async function driveOne(supervision: Supervision, { id, lastSeq }: RunRow, known: Map<string, Known>): Promise<void> {
  const { journal, clock, notice, onLeft } = supervision;
  try {
    const { state } = await supervision.drive(id);
    const row = await journal.run(id);
    known.set(id, { seq: row?.lastSeq ?? 0, failures: 0, notBefore: 0 });
    onLeft?.(id, state);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    // Another process was faster; when it dies, this one has to be there at once.
    if (code === 'LOCKED' || code === 'JOURNAL_FENCED') return;
    const failures = (known.get(id)?.failures ?? 0) + 1;
    // A store that was away is no fault of the run.
    const restMs = code.startsWith('JOURNAL_') ? FIRST_REST_MS : Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (failures - 1));
    known.set(id, { seq: lastSeq, failures, notBefore: clock.now() + restMs });
    notice(`${id} cannot be driven here: ${messageOf(cause)}; tried again in ${Math.round(restMs / 1_000)} s`);
  }
}

function forget(known: Map<string, Known>, rows: readonly RunRow[]): void {
  const open = new Set(rows.map(({ id }) => id));
  for (const id of known.keys()) if (!open.has(id)) known.delete(id);
}
