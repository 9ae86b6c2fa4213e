import type { Turn } from '../contract.ts';
import type { Ended } from './hands.ts';
import { longestMs, type RunContext } from './run-context.ts';

/** The place of a run in the queue of its concurrency group; rehearsals have a world of their own, and neither wait nor make others wait. */
export interface Queueing {
  /** Take the next step towards the turn; records `runStarted` when it has come. */
  readonly advance: () => void;
}

export function createQueueing(context: RunContext): Queueing {
  const { book, hands, rules } = context;
  let cancel: (() => void) | undefined;
  let asked = false;
  const ask = (): void => {
    const argument = { runId: book.data.runId, wait: asked, heartbeatMs: rules.heartbeatMs };
    const id = `turn ${book.data.seq}${asked ? ' wait' : ''}`;
    const effect = {
      name: 'awaitTurn',
      argument,
      id,
      zone: undefined,
      heartbeatMs: rules.heartbeatMs,
      pickUpMs: longestMs(0),
      longestMs: longestMs(0),
    } as const;
    cancel = hands.start(effect, (end) => {
      cancel = undefined;
      take(end);
    });
  };
  const take = (end: Ended<Turn>): void => {
    const { data } = book;
    // Lost with its worker: asked again.
    if (data.startedAt !== undefined || data.finished || end.how !== 'done') return;
    if (end.value.turn === 'behind') {
      const group = data.created?.graph.concurrency?.group ?? '';
      if (!asked) book.record({ type: 'runQueued', group, behind: end.value.behind });
      asked = true;
      return;
    }
    if (end.value.turn === 'overtaken') {
      const reason = 'a newer run of the group is waiting';
      book.record({ type: 'cancelRequested', id: `${data.runId}:latest`, by: 'system', reason });
    }
    book.record({ type: 'runStarted' });
  };
  return {
    advance: () => {
      const { data } = book;
      if (data.startedAt !== undefined || data.finished) return;
      const rule = data.created?.rehearsal === true ? undefined : data.created?.graph.concurrency;
      if (!rule || data.cancel || data.rollback) {
        cancel?.();
        book.record({ type: 'runStarted' });
      } else if (!cancel) ask();
    },
  };
}
