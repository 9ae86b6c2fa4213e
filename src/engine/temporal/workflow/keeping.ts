import type { LockProof, LockWait } from '../../locks.ts';
import { type Activities, type CarriedLocks, type Taken, waitedFor } from '../contract.ts';
import type { Book } from './book.ts';
import type { Inbox } from './inbox.ts';

/** The locks of a run. They are the store's; the run knows whether it has them, and asks for them when something is to begin. */
export interface Keeping {
  /** May something begin that could have an effect? */
  readonly mayAct: () => boolean;
  /** May an activity of this name begin? What only looks always may. */
  readonly mayStart: (name: keyof Activities) => boolean;
  /** Ask for them, unless they are there or asked for. While effects go on that began with what was lost, nothing is asked for: asking may give back the rest of it. */
  readonly ask: () => void;
  /** An activity of this name begins. */
  readonly started: (name: keyof Activities) => Shown;
  /** A worker found out that what was shown does not hold any more. */
  readonly lost: (proof: LockProof | undefined) => void;
  /** Call back once they are there again; at once when they are. @returns what gives that up. */
  readonly whenHeld: (act: () => void) => () => void;
  /** What another run of this workflow needs to go on. */
  readonly carried: () => { readonly locks?: CarriedLocks };
}
/** What an activity shows, if it has an effect; and what to call when it is over. */
interface Shown {
  readonly proof: LockProof | undefined;
  readonly over: () => void;
}
interface Sources {
  readonly runId: string;
  readonly book: Book;
  readonly inbox: Inbox;
  /** Absent when the run needs none. */
  readonly before: CarriedLocks | undefined;
  readonly takeLocks: Activities['takeLocks'];
  /** Does the history of this run know of a change? Asked only where the change makes a difference. */
  readonly isPatched: (change: string) => boolean;
}

/** Changes that histories of earlier versions do not know. */
const ONLY_WITH_PROOF = 'effects-begin-only-with-a-proof';
const ASK_AFTER_EFFECTS = 'locks-are-asked-for-after-effects';

/** What people are shown when nobody can find out what the run has to hold. */
const LOCKS_PATH = '@locks';
const REST_MS = 20_000;

interface State extends Omit<Sources, 'before'> {
  readonly isNeeded: boolean;
  proof: LockProof | undefined;
  told: string | undefined;
  isAsking: boolean;
  /** Before it is asked again. */
  restMs: number;
  readonly waiting: Set<() => void>;
  /** Effects that have been started and are not over. */
  effects: number;
}

export function createKeeping({ before, ...sources }: Sources): Keeping {
  const { proof, told } = before ?? {};
  const state: State = { ...sources, isNeeded: before !== undefined, proof, told, isAsking: false, restMs: 0, waiting: new Set(), effects: 0 };
  const mayAct = (): boolean => !state.isNeeded || state.proof !== undefined;
  return {
    mayAct,
    mayStart: (name) => !hasEffect(name) || mayAct() || !state.isPatched(ONLY_WITH_PROOF),
    started: (name) => (hasEffect(name) ? startEffect(state) : NOTHING_SHOWN),
    lost: (shown) => {
      if (shown?.digest === state.proof?.digest) state.proof = undefined;
    },
    ask: () => {
      if (state.isAsking || mayAct()) return;
      if (state.effects === 0 || !state.isPatched(ASK_AFTER_EFFECTS)) ask(state);
    },
    whenHeld: (act) => {
      if (mayAct()) act();
      else state.waiting.add(act);
      return () => void state.waiting.delete(act);
    },
    carried: () => (state.isNeeded ? { locks: carried(state) } : {}),
  };
}

function hasEffect(name: keyof Activities): boolean {
  return name === 'execute' || name === 'executeHost';
}

const NOTHING_SHOWN: Shown = { proof: undefined, over: () => undefined };

function startEffect(state: State): Shown {
  state.effects += 1;
  return { proof: state.proof, over: () => void (state.effects -= 1) };
}

function carried({ proof, told }: State): CarriedLocks {
  return { ...(proof ? { proof } : {}), ...(told === undefined ? {} : { told }) };
}

function ask(state: State): void {
  const { runId, told, restMs, takeLocks, inbox } = state;
  state.isAsking = true;
  const request = { runId, ...(told === undefined ? {} : { told }), ...(restMs === 0 ? {} : { restMs }) };
  void takeLocks(request).then(
    (taken) => inbox.put(() => take(state, taken)),
    (cause: unknown) => inbox.put(() => take(state, unaskable(cause))),
  );
}

function unaskable(cause: unknown): Taken {
  return {
    state: 'unknown',
    reason: `the locks of the run cannot be asked for: ${String(cause)}`,
    hint: 'look at the workers; the run then goes on by itself',
  };
}

function take(state: State, taken: Taken): void {
  const { book, waiting } = state;
  state.isAsking = false;
  state.restMs = taken.state === 'unknown' ? REST_MS : 0;
  if (book.data.finished) return;
  complain(book, taken);
  if (taken.state === 'waiting') state.told = tellWait(book, taken.wait, state.told);
  if (taken.state === 'overtaken') giveUp(book);
  if (taken.state !== 'held') return;
  [state.proof, state.told] = [taken.proof, undefined];
  for (const act of waiting) act();
  waiting.clear();
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
