import { type Clock, EXIT, SlipwayError } from '../core/index.ts';
import { isTerminal, type LocksAnswer, type LockWait, type RunLocks } from '../engine/index.ts';
import type { HeldLock, LockAnswer, Locks } from '../store/index.ts';
import type { RunJournal } from './wiring.ts';

/** A lock that is held lasts so long without a sign of life: longer than it takes another process to go on with the run. */
export const HELD_MS = 10 * 60_000;
/** A place in a queue is kept for so long after the last time it was asked for; a dead run must not keep others waiting. */
const WAITING_MS = 90_000;
/** How often it is asked for what is held while something else is waited for. */
const RENEW_MS = 30_000;
/** A run that was left in good order, to be gone on with, keeps its locks for so long. */
export const LEFT_MS = 7 * 86_400_000;

export interface RunLocksOptions {
  readonly locks: Locks;
  readonly journal: Pick<RunJournal, 'run'>;
  readonly clock: Clock;
  readonly runId: string;
  /** Who started the run. The same for every driver of it: its locks are its own, whoever drives. */
  readonly holder: string;
  /** In the order in which they are taken: the same for all runs, so that no two wait for each other. */
  readonly names: readonly string[];
  /** Of an engine whose runs need no process of ours: `HELD_MS` unless told. */
  readonly heldMs?: number;
}
interface Mine {
  readonly lock: HeldLock;
  /** When it was asked for last, by the clock that never jumps. */
  readonly at: number;
}

/** The locks of one run, in a store. */
export function createRunLocks(options: RunLocksOptions): RunLocks {
  const { locks, names, heldMs = HELD_MS } = options;
  const mine = new Map<string, Mine>();
  const beat = async (ttlMs: number): Promise<void> => {
    // What is held while others are waited for lasts as long as the places do.
    if (mine.size < names.length) return;
    for (const { lock } of mine.values()) await locks.heartbeat(lock, ttlMs).catch((cause: unknown) => lost(lock, cause));
  };
  return {
    ttlMs: heldMs,
    take: async (): Promise<LocksAnswer> => {
      const wait = (await takeAll(options, mine, { ttlMs: WAITING_MS, freshMs: RENEW_MS })) ?? (await takeAll(options, mine, { ttlMs: heldMs, freshMs: 0 }));
      return wait ? { state: 'waiting', wait } : { state: 'held' };
    },
    heartbeat: () => beat(heldMs),
    leave: () => beat(LEFT_MS),
    release: async () => {
      mine.clear();
      for (const name of names) await giveBack(options, name);
    },
  };
}

/** Also what an earlier driver of the run has left. */
async function giveBack({ locks, runId, holder }: RunLocksOptions, name: string): Promise<void> {
  const asked = await locks.acquire(name, { holder, runId, ttlMs: WAITING_MS, queue: false });
  if (asked.state === 'held') await locks.release(asked);
  else await locks.withdraw(name, { holder, runId });
}

interface Asking {
  readonly ttlMs: number;
  /** What was asked for within this time is not asked for again. */
  readonly freshMs: number;
}

/** Take one after the other. @returns the first one that somebody else has. */
async function takeAll(options: RunLocksOptions, mine: Map<string, Mine>, { ttlMs, freshMs }: Asking): Promise<LockWait | undefined> {
  const { locks, names, runId, holder, clock } = options;
  for (const name of names) {
    const at = clock.monotonic();
    if (at - (mine.get(name)?.at ?? -Infinity) < freshMs) continue;
    const ask = () => locks.acquire(name, { holder, runId, ttlMs, queue: true });
    let answer = await ask();
    if (answer.state === 'waiting' && answer.heldBy && (await freeIfOver(options, name, answer.heldBy.runId))) answer = await ask();
    if (answer.state !== 'held') {
      await freeFrom(options, mine, name);
      return waitOf(name, answer);
    }
    mine.set(name, { lock: answer, at });
  }
  return undefined;
}

/** Whoever waits for one holds none that comes later: else two runs could wait for each other once one of them has lost a lock in the middle. */
async function freeFrom({ locks, names, runId, holder }: RunLocksOptions, mine: Map<string, Mine>, name: string): Promise<void> {
  const later = new Set(names.slice(names.indexOf(name)));
  for (const held of await locks.heldBy({ holder, runId })) if (later.has(held.lock)) await locks.release(held);
  for (const each of later) mine.delete(each);
}

function waitOf(lock: string, answer: Exclude<LockAnswer, { state: 'held' }>): LockWait {
  const { runId, holder, since } = answer.heldBy ?? {};
  const heldBy = runId === undefined || holder === undefined || since === undefined ? {} : { heldBy: { runId, holder, since } };
  return { lock, position: answer.state === 'waiting' ? answer.position : answer.waiting + 1, ...heldBy };
}

/** A run whose process died between its end and giving back its locks holds them no longer. */
async function freeIfOver({ locks, journal }: RunLocksOptions, name: string, runId: string): Promise<boolean> {
  const row = await journal.run(runId);
  if (row && !isTerminal(row.state)) return false;
  const heldBy = (await locks.locks()).find(({ lock }) => lock === name)?.heldBy;
  if (heldBy?.runId !== runId) return false;
  await locks.release({ lock: name, holder: heldBy.holder, runId, token: heldBy.token });
  return true;
}

function lost({ lock }: HeldLock, cause: unknown): never {
  if (!(cause instanceof SlipwayError) || cause.code !== 'STORE_FENCED') throw cause;
  throw new SlipwayError('LOCK_LOST', `the lock ${lock} has passed to somebody else`, {
    cause,
    exitCode: EXIT.locked,
    hint: 'see "slipway locks"; resumed, the run waits for it',
  });
}
