import { runStateOf } from '../../view.ts';
import type { Rules } from '../contract.ts';
import type { Book } from './book.ts';
import { clerk, pack } from './clerk.ts';
import type { Inbox } from './inbox.ts';

/** Journal this far behind, in milliseconds: no new effect begins until it has caught up. */
const MOST_BEHIND_MS = 30_000;

/** Copies events into the journal, one message at a time, so that they arrive in order. */
export interface Projector {
  /** Send what waits, if it is time; a busy run sends a few times a second at most. */
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
  let lastAt = 0;
  let refusal: unknown;
  const dueAt = (): number | undefined => (isSending || book.unprojected.length === 0 ? undefined : isUrgent ? 0 : lastAt + rules.projectMs);
  const finish = (cause: unknown): void => {
    isSending = false;
    lastAt = Date.now();
    refusal ??= cause;
  };
  return {
    kick: () => {
      if ((dueAt() ?? Infinity) > Date.now()) return;
      [isSending, isUrgent] = [true, false];
      const last = book.unprojected.at(-1)?.seq ?? 0;
      void send(sender).then(
        () =>
          inbox.put(() => {
            book.projectedUpTo(last);
            finish(undefined);
          }),
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

async function send({ runId, owner, token, book }: Sender): Promise<void> {
  const { data } = book;
  const [state, isOver] = [runStateOf(data), data.finished !== undefined];
  const events = await pack(runId, JSON.stringify(book.unprojected));
  await clerk.project({ runId, owner, token, events, state, isOver });
}
