import type { Turn } from '../contract.ts';
import { waitingQueueOf } from '../routing.ts';
import type { Ended } from './hands.ts';
import { longestMs, type RunContext } from './run-context.ts';

/** The place of a run in the queue of its concurrency group; rehearsals have a world of their own, and neither wait nor make others wait. */
export interface Queueing {
  /** Take the next step towards the turn; records `runStarted` when it has come. */
  readonly advance: () => void;
}
interface State {
  readonly context: RunContext;
  /** Ends the look that is under way. */
  cancel: (() => void) | undefined;
  /** Others are before us, and people were told. */
  hasWaited: boolean;
  /** Its concurrency group keeps it no more; its locks may. */
  hasTurn: boolean;
}

export function createQueueing(context: RunContext): Queueing {
  const state: State = { context, cancel: undefined, hasWaited: false, hasTurn: false };
  const { book, keeping } = context;
  return {
    advance: () => {
      const { data } = book;
      if (data.startedAt !== undefined || data.finished) return;
      const rule = data.created?.rehearsal === true ? undefined : data.created?.graph.concurrency;
      const isFree = !rule || data.cancel !== undefined || data.rollback !== undefined || state.hasTurn;
      if (!isFree) return state.cancel ? undefined : look(state);
      state.cancel?.();
      // One that was cancelled has nothing to begin; all others hold what they act on before they do.
      if (keeping.mayAct() || data.cancel) book.record({ type: 'runStarted' });
      else keeping.ask();
    },
  };
}

function look(state: State): void {
  const { book, hands, rules } = state.context;
  const argument = { runId: book.data.runId, wait: state.hasWaited, heartbeatMs: rules.heartbeatMs };
  const id = `turn ${book.data.seq}${state.hasWaited ? ' wait' : ''}`;
  const always = longestMs(0);
  const effect = {
    name: 'awaitTurn',
    argument,
    id,
    zone: undefined,
    heartbeatMs: rules.heartbeatMs,
    pickUpMs: always,
    longestMs: always,
    queue: waitingQueueOf(rules),
  } as const;
  state.cancel = hands.start(effect, (end) => {
    state.cancel = undefined;
    take(state, end);
  });
}

function take(state: State, end: Ended<Turn>): void {
  const { data, record } = state.context.book;
  // Lost with its worker: asked again.
  if (data.startedAt !== undefined || data.finished || end.how !== 'done') return;
  if (end.value.turn === 'behind') {
    const group = data.created?.graph.concurrency?.group ?? '';
    if (!state.hasWaited) record({ type: 'runQueued', group, behind: end.value.behind });
    state.hasWaited = true;
    return;
  }
  if (end.value.turn === 'overtaken') {
    const reason = 'a newer run of the group is waiting';
    record({ type: 'cancelRequested', id: `${data.runId}:latest`, by: 'system', reason });
  }
  if (state.context.keeping.mayAct() || end.value.turn === 'overtaken') record({ type: 'runStarted' });
  else state.hasTurn = true;
}
