import { runStateOf } from '../../view.ts';
import type { Copy } from '../contract.ts';
import type { Book } from './book.ts';

/** Longest events that ride along with a step, in UTF-16 units as JSON; more of them go in a message of their own. */
const MOST_RIDING = 100_000;

/** Events that travel with a step which begins just now, instead of in a message of their own: that is one message and one decision less. */
export interface Ride {
  readonly copy: Copy;
  /** The step has ended, and its worker says whether the events are in the journal. When it does not, they are sent again. */
  readonly over: (arrived: boolean) => void;
}

/** One ride after the other, for as long as they arrive. */
export interface Riding {
  /** Nothing rides when the last one did not arrive, or is still out: whoever should copy the events may not know how, or not come back for long. */
  readonly board: () => Ride | undefined;
  /** Will the next step take along what comes? */
  readonly isLikely: () => boolean;
  /** A message of their own takes along what waits. */
  readonly reset: () => void;
}
interface Sender {
  readonly owner: string;
  readonly token: number;
  readonly book: Book;
}

export function createRiding(sender: Sender): Riding {
  let current: Ride | undefined;
  let state: 'ready' | 'out' | 'failed' = 'ready';
  return {
    board: () => {
      if (state !== 'ready') return undefined;
      const copy = copyOf(sender);
      state = copy ? 'out' : 'failed';
      if (!copy) return undefined;
      const last = sender.book.data.seq;
      const ride: Ride = {
        copy,
        over: (arrived) => {
          if (arrived) sender.book.projectedUpTo(last);
          // One that comes back after a message of its own has gone says nothing about what comes next.
          if (current === ride) state = arrived ? 'ready' : 'failed';
        },
      };
      current = ride;
      return ride;
    },
    isLikely: () => current !== undefined && state !== 'failed',
    reset: () => {
      [current, state] = [undefined, 'ready'];
    },
  };
}

function copyOf({ owner, token, book }: Sender): Copy | undefined {
  // The end of a run goes by itself: with it the run gives back what it holds.
  if (book.data.finished) return undefined;
  const text = JSON.stringify(book.unprojected);
  return text.length > MOST_RIDING ? undefined : { owner, token, events: { text }, state: runStateOf(book.data) };
}
