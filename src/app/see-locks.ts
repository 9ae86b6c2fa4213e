import { didYouMean, EXIT, SlipwayError } from '../core/index.ts';
import { type Driver, isTerminal } from '../engine/index.ts';
import type { LockRow, Store, Waiter } from '../store/index.ts';
import { driverOf } from './overview.ts';
import type { Session } from './types.ts';
import type { Wiring } from './wiring.ts';

/** A lock that somebody has or waits for. */
export interface SeenLock {
  readonly lock: string;
  readonly heldBy?: LockOwner;
  /** First come first. */
  readonly waiters: readonly Waiter[];
}
export interface LockOwner {
  readonly runId: string;
  readonly holder: string;
  readonly since: number;
  readonly expiresAt: number;
  /** `gone` when the journal has no such run any more. */
  readonly state: string;
  readonly driver: Driver['state'];
}
export interface UnlockRequest {
  readonly lock: string;
  /** Also while the run that has it is alive. */
  readonly force: boolean;
  readonly reason?: string;
}
export interface Unlocked {
  readonly lock: string;
  /** False when nobody had it: asking twice is no mistake. */
  readonly released: boolean;
  /** Run that had it. */
  readonly runId?: string;
}

export async function seeLocks(wiring: Wiring): Promise<readonly SeenLock[]> {
  await using store = await wiring.store();
  return await Promise.all((await store.locks.locks()).map((row) => seen(wiring, store, row)));
}

async function seen(wiring: Wiring, { locks }: Store, { lock, heldBy }: LockRow): Promise<SeenLock> {
  const waiters = await locks.waiters(lock);
  return { lock, waiters, ...(heldBy ? { heldBy: await ownerOf(wiring, heldBy) } : {}) };
}

async function ownerOf(wiring: Wiring, { runId, holder, since, expiresAt }: NonNullable<LockRow['heldBy']>): Promise<LockOwner> {
  const row = await (await wiring.journal()).run(runId);
  return { runId, holder, since, expiresAt, state: row?.state ?? 'gone', driver: row ? driverOf(row, wiring).state : 'none' };
}

/** A run that was left in good order waits for a person, and goes on with what it holds. */
const LEFT_IN_ORDER = new Set(['attention', 'paused']);

/**
 * Take a lock away from a run that will not give it back. The run, should it go on, waits for it again.
 *
 * @throws {SlipwayError} `LOCK_IN_USE` while its run is alive, unless forced; `LOCK_UNKNOWN` for what looks like no lock there ever was.
 */
export async function unlock(session: Session, wiring: Wiring, { lock, force, reason }: UnlockRequest): Promise<Unlocked> {
  await using store = await wiring.store();
  const rows = await store.locks.locks();
  const heldBy = rows.find((row) => row.lock === lock)?.heldBy;
  if (!heldBy) {
    if (!/^(?:stack|hosts):/.test(lock)) throw unknown(lock, rows);
    return { lock, released: false };
  }
  const owner = await ownerOf(wiring, heldBy);
  const isAlive = !isTerminal(owner.state) && owner.state !== 'gone' && (owner.driver === 'alive' || LEFT_IN_ORDER.has(owner.state));
  if (isAlive && !force) throw inUse(lock, owner);
  const { runId, holder, token } = heldBy;
  const details = { runId, holder, token, forced: isAlive, ...(reason === undefined ? {} : { reason }) };
  // Before it happens: what is not on record must not have happened.
  await store.audit.append({ actor: session.actor, action: 'lock.release', object: lock, details });
  await store.locks.release({ lock, holder, runId, token });
  return { lock, released: true, runId };
}

function inUse(lock: string, { runId, state, driver }: LockOwner): SlipwayError {
  const why = driver === 'alive' ? `is ${state}` : `is ${state} and waits for a person`;
  return new SlipwayError('LOCK_IN_USE', `${lock} is held by ${runId}, which ${why}`, {
    exitCode: EXIT.locked,
    hint: `end it with "slipway cancel ${runId}"; --force takes the lock away from it all the same, and two runs may then act on one thing`,
  });
}

function unknown(lock: string, rows: readonly LockRow[]): SlipwayError {
  const names = rows.map((row) => row.lock);
  const near = didYouMean(lock, names);
  return new SlipwayError('LOCK_UNKNOWN', `"${lock}" is not the name of a lock`, {
    exitCode: EXIT.notFound,
    hint: near === undefined ? 'see "slipway locks"' : `did you mean "${near}"?`,
  });
}
