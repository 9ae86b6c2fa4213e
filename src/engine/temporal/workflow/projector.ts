import { runStateOf } from '../../view.ts';
import type { Rules } from '../contract.ts';
import type { Book } from './book.ts';
import { clerk, pack } from './clerk.ts';
import type { Inbox } from './inbox.ts';
import { createRiding, type Ride } from './riding.ts';

/** Longest that events wait, in milliseconds, however busy the server is. */
const LONGEST_MS = 5_000;
/** Journal this far behind, in milliseconds: no new effect begins until it has caught up. */
const MOST_BEHIND_MS = 30_000;

/** While the run is busy, of so much time one part goes into copying: on a server that has much to do, events wait longer and come in larger messages. */
const SHARE = 20;

/** Copies events into the journal, one message at a time, so that they arrive in order. */
export interface Projector {
  /** Whoever begins a step where the journal is takes along what waits, if it is time. */
  readonly board: () => Ride | undefined;
  /** Send what waits, if it is time. */
  readonly kick: () => void;
  /** Send without waiting for more. */
  readonly hurry: () => void;
  /** When `kick` should be called again, in milliseconds since the epoch. */
  readonly dueAt: () => number | undefined;
  /** Is everything in the journal? */
  readonly isDone: () => boolean;
  readonly isBehind: () => boolean;
  /** The journal refused: somebody else drives the run, or its history is another one. */
  readonly refusal: () => unknown;
}
interface Sender {
  readonly runId: string;
  readonly owner: string;
  readonly token: number;
  readonly book: Book;
  readonly rules: Rules;
  readonly inbox: Inbox;
}

export function createProjector(sender: Sender): Projector {
  const { book, rules, inbox } = sender;
  let isSending = false;
  let isUrgent = false;
  let sentAt = 0;
  let nextAt = 0;
  let refusal: unknown;
  const riding = createRiding(sender);
  // A message of their own waits a little longer where the next step may take them along.
  const sendAt = (): number => nextAt + (riding.isLikely() ? rules.projectMs : 0);
  const dueAt = (): number | undefined => (isSending || book.unprojected.length === 0 ? undefined : isUrgent ? 0 : sendAt());
  const finish = (cause: unknown, last = 0): void => {
    isSending = false;
    book.projectedUpTo(last);
    const now = Date.now();
    nextAt = now + Math.min(LONGEST_MS, Math.max(rules.projectMs, (now - sentAt) * SHARE));
    refusal ??= cause;
  };
  return {
    board: () => {
      if (!rules.lean || isSending || isUrgent || book.unprojected.length === 0 || Date.now() < nextAt) return undefined;
      const ride = riding.board();
      if (ride) nextAt = Date.now() + rules.projectMs;
      return ride;
    },
    kick: () => {
      if ((dueAt() ?? Infinity) > Date.now()) return;
      [isSending, isUrgent, sentAt] = [true, false, Date.now()];
      riding.reset();
      void send(sender).then(
        (last) => inbox.put(() => finish(undefined, last)),
        (cause: unknown) => inbox.put(() => finish(cause)),
      );
    },
    hurry: () => void (isUrgent = true),
    dueAt,
    isDone: () => book.unprojected.length === 0,
    isBehind: () => Date.now() - (book.unprojected[0]?.at ?? Infinity) > MOST_BEHIND_MS,
    refusal: () => refusal,
  };
}

/** @returns the number of the last event that is there now. */
async function send({ runId, owner, token, book }: Sender): Promise<number> {
  const { data } = book;
  const [state, isOver, last] = [runStateOf(data), data.finished !== undefined, data.seq];
  const events = await pack(runId, JSON.stringify(book.unprojected));
  await clerk.project({ runId, owner, token, events, state, isOver });
  return last;
}
