import { createRecent, digestOf, EXIT, SlipwayError } from '../core/index.ts';
import { isTerminal, type LockProof, type RunLocks, type WorkerLocks } from '../engine/index.ts';
import type { HeldLock, Locks, Store } from '../store/index.ts';
import { createdOf } from './drive.ts';
import { createRunLocks, LEFT_MS } from './locks.ts';
import { lockNamesOf } from './open-run-locks.ts';
import { filesOf } from './run-files.ts';
import type { Session } from './types.ts';
import type { Wiring } from './wiring.ts';

/** What is held lasts this long from the last time that somebody acted under it; asked for again when so much of it is over. */
const RENEW_MS = 3_600_000;
/** Runs whose locks a worker remembers. */
const MOST_KNOWN = 1_000;

/** The run that holds the locks under which another one acts, or that one itself. */
interface Top {
  readonly runId: string;
  readonly holder: string;
  readonly names: readonly string[];
  /** Absent when there is nothing to hold. */
  readonly locks?: RunLocks;
}

/**
 * Locks of runs on a server. No process of ours lives as long as such a run, and a step goes on in its zone whoever else is away; so a lock does not end with
 * a process, but a week after the last step that acted under it.
 */
export function createWorkerLocks(session: Session, wiring: Wiring, store: Pick<Store, 'locks'>): WorkerLocks {
  const { locks } = store;
  const known = createRecent<Promise<Top>>(MOST_KNOWN);
  const topOf = (runId: string): Promise<Top> => {
    const found = known.use(runId, () => findTop(session, wiring, { locks, runId }));
    // What was wrong may have been mended when it is asked for next.
    found.catch(() => known.forget(runId, found));
    return found;
  };
  return {
    areNeeded: async (runId) => (await topOf(runId)).locks !== undefined,
    take: async (runId) => take(wiring, locks, await topOf(runId)),
    prove: (proof) => prove(wiring, locks, proof),
    release: async (runId) => {
      const found = topOf(runId);
      const top = await found;
      known.forget(runId, found);
      if (top.runId === runId) await top.locks?.release();
    },
  };
}

async function findTop(session: Session, wiring: Wiring, { locks, runId }: { readonly locks: Locks; readonly runId: string }): Promise<Top> {
  const journal = await wiring.journal();
  const created = await createdOf(journal, runId);
  if (created.parent) return findTop(session, wiring, { locks, runId: created.parent.runId });
  const holder = created.actor;
  const names = created.rehearsal ? [] : await lockNamesOf(wiring, { runId, created, checkout: () => filesOf(session, wiring, created) });
  const { clock } = wiring;
  return { runId, holder, names, ...(names.length === 0 ? {} : { locks: createRunLocks({ locks, journal, clock, runId, holder, names, heldMs: LEFT_MS }) }) };
}

async function take(wiring: Wiring, store: Locks, top: Top): ReturnType<WorkerLocks['take']> {
  const { runId, holder, names, locks } = top;
  const answer = await locks?.take();
  // One that ended while it was asked for would never give back what it got.
  if (isTerminal((await (await wiring.journal()).run(runId))?.state ?? 'succeeded')) {
    await locks?.release();
    throw over(runId);
  }
  if (answer?.state === 'waiting') return answer;
  const held = await store.heldBy({ holder, runId });
  // Taken away between the two: asked for again.
  const isWhole = names.every((name) => held.some(({ lock }) => lock === name));
  return isWhole ? { state: 'held', proof: { runId, holder, digest: digestOfHeld(held) } } : take(wiring, store, top);
}

async function prove({ clock }: Wiring, locks: Locks, { runId, holder, digest }: LockProof): Promise<void> {
  const held = await locks.heldBy({ holder, runId });
  if (digestOfHeld(held) !== digest) throw lost(runId);
  for (const each of held)
    if (each.expiresAt - clock.now() < LEFT_MS - RENEW_MS) await locks.heartbeat(each, LEFT_MS).catch((cause: unknown) => fenced(runId, cause));
}

function digestOfHeld(held: readonly HeldLock[]): LockProof['digest'] {
  return digestOf(held.map(({ lock, token }) => [lock, token]));
}

function over(runId: string): SlipwayError {
  return new SlipwayError('RUN_OVER', `${runId} is over and holds nothing any more`, { hint: `see "slipway status ${runId}"` });
}

function fenced(runId: string, cause: unknown): never {
  if (cause instanceof SlipwayError && cause.code === 'STORE_FENCED') throw lost(runId, cause);
  throw cause;
}

function lost(runId: string, cause?: unknown): SlipwayError {
  return new SlipwayError('LOCK_LOST', `${runId} does not hold any more what it acts on`, {
    ...(cause === undefined ? {} : { cause }),
    exitCode: EXIT.locked,
    hint: 'see "slipway locks"; the run waits for its locks and goes on',
  });
}
