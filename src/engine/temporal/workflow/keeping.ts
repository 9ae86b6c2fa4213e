import type { LockProof, LockWait } from '../../locks.ts';
import { type CarriedLocks, type Taken, waitedFor } from '../contract.ts';
import type { Book } from './book.ts';
import { turnClerk } from './clerk.ts';
import type { Inbox } from './inbox.ts';

/** The locks of a run. They are the store's; the run knows whether it has them, and asks for them when something is to begin. */
export interface Keeping {
  /** May something begin that could have an effect? */
  readonly mayAct: () => boolean;
  /** Ask for them, unless they are there or asked for. */
  readonly ask: () => void;
  /** What every effect shows. */
  readonly proof: () => LockProof | undefined;
  /** A worker found out that what was shown does not hold any more. */
  readonly lost: (proof: LockProof | undefined) => void;
  /** Call back once they are there again; at once when they are. @returns what gives that up. */
  readonly whenHeld: (act: () => void) => () => void;
  /** What another run of this workflow needs to go on. */
  readonly carried: () => { readonly locks?: CarriedLocks };
}
interface Sources {
  readonly runId: string;
  readonly book: Book;
  readonly inbox: Inbox;
  /** Absent when the run needs none. */
  readonly before: CarriedLocks | undefined;
  readonly queue: string;
}

/** What people are shown when nobody can find out what the run has to hold. */
const LOCKS_PATH = '@locks';
const REST_MS = 20_000;

export function createKeeping({ runId, book, inbox, before, queue }: Sources): Keeping {
  let { proof, told } = before ?? {};
  let isAsking = false;
  let restMs = 0;
  const waiting = new Set<() => void>();
  const take = (taken: Taken): void => {
    isAsking = false;
    restMs = taken.state === 'unknown' ? REST_MS : 0;
    if (book.data.finished) return;
    complain(book, taken);
    if (taken.state === 'waiting') told = tellWait(book, taken.wait, told);
    if (taken.state === 'overtaken') giveUp(book);
    if (taken.state !== 'held') return;
    ({ proof } = taken);
    told = undefined;
    for (const act of waiting) act();
    waiting.clear();
  };
  const failed = (cause: unknown): void =>
    take({ state: 'unknown', reason: `the locks of the run cannot be asked for: ${String(cause)}`, hint: 'look at the workers' });
  const mayAct = (): boolean => before === undefined || proof !== undefined;
  return {
    mayAct,
    proof: () => proof,
    lost: (shown) => {
      if (shown?.digest === proof?.digest) proof = undefined;
    },
    ask: () => {
      if (isAsking || mayAct()) return;
      isAsking = true;
      const request = { runId, ...(told === undefined ? {} : { told }), ...(restMs === 0 ? {} : { restMs }) };
      void turnClerk(queue)
        .takeLocks(request)
        .then(
          (taken) => inbox.put(() => take(taken)),
          (cause: unknown) => inbox.put(() => failed(cause)),
        );
    },
    whenHeld: (act) => {
      if (mayAct()) act();
      else waiting.add(act);
      return () => void waiting.delete(act);
    },
    carried: () => (before === undefined ? {} : { locks: { ...(proof ? { proof } : {}), ...(told === undefined ? {} : { told }) } }),
  };
}

/** People are told whenever it waits for somebody else. */
function tellWait(book: Book, wait: LockWait, told: string | undefined): string {
  const why = waitedFor(wait);
  const { heldBy } = wait;
  if (why !== told) book.record({ type: 'runQueued', group: wait.lock, behind: heldBy ? [`${heldBy.runId} (${heldBy.holder})`] : [], lock: wait });
  return why;
}

function giveUp({ data, record }: Book): void {
  if (!data.cancel) record({ type: 'cancelRequested', id: `${data.runId}:latest`, by: 'system', reason: 'a newer run of the group is waiting' });
}

function complain({ data, record }: Book, taken: Taken): void {
  const isTold = data.attention.has(LOCKS_PATH);
  if (taken.state !== 'unknown') {
    if (isTold) record({ type: 'attentionCleared', path: LOCKS_PATH });
  } else if (!isTold) {
    const { reason, hint } = taken;
    record({ type: 'attentionRaised', path: LOCKS_PATH, reason, hint });
  }
}
