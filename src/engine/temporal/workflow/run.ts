import { ApplicationFailure, CancellationScope, allHandlersFinished, condition, patched, upsertSearchAttributes } from '@temporalio/workflow';
import { messageOf } from '../../../core/pure.ts';
import type { Action } from '../../actions.ts';
import { decide } from '../../decide.ts';
import type { FactsOf } from '../../decide/context.ts';
import { stateOf } from '../../evolve.ts';
import type { JournalEvent, RunState } from '../../events.ts';
import { isStuck } from '../../rest.ts';
import { restored } from '../../snapshot.ts';
import type { RunData } from '../../state.ts';
import { runStateOf } from '../../view.ts';
import type { Carried, CarriedLocks, RunEnd, RunStart } from '../contract.ts';
import { type Book, openBook } from './book.ts';
import { carryOn, isDue } from './carry.ts';
import { openerOf, turnClerk, unpack } from './clerk.ts';
import { createFlight, earliest, type Flight } from './flight.ts';
import { createHands } from './hands.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { createKeeping, type Keeping } from './keeping.ts';
import { factsFrom } from './kinds.ts';
import { SEARCH } from '../search.ts';
import { createProjector, type Projector } from './projector.ts';
import { type Desk, openDesk } from './requests.ts';
import { doubtsOf } from './doubts.ts';
import { createTeller, type Teller } from './teller.ts';
import { createQueueing, type Queueing } from './turn.ts';

/** What the loop of a run looks at. */
interface Course {
  readonly start: RunStart;
  readonly book: Book;
  readonly inbox: Inbox;
  readonly flight: Flight;
  readonly projector: Projector;
  readonly queueing: Queueing;
  readonly keeping: Keeping;
  readonly teller: Teller;
  readonly factsOf: FactsOf;
  readonly posted: Map<string, number>;
  readonly token: number;
  /** The last decision, and until when it holds. */
  decided: { readonly seq: number; readonly until: number; readonly actions: readonly Action[] };
}

/**
 * One run, from its first event to its last. The brain is the one of every engine; here is only what starts and stops what it asks for, inside a history that
 * the server keeps and replays.
 */
export async function slipwayRun(start: RunStart): Promise<RunEnd> {
  const inbox = openInbox(start.rules);
  let desk: Desk | undefined;
  openDesk(
    () => desk,
    () => inbox.put(() => undefined),
  );
  // Whoever cancels the workflow by Temporal's own means cancels the run in good order.
  const stopAsked = CancellationScope.current().cancelRequested;
  return CancellationScope.nonCancellable(async () => {
    const { book, token, factsOf, carried, locks } = await open(start);
    stopAsked.catch(() => inbox.put(() => cancelFromOutside(book)));
    const { takeLocks } = turnClerk(start.rules.queue);
    const keeping = createKeeping({ runId: start.runId, book, inbox, before: locks, takeLocks, isPatched: patched });
    const projector = createProjector({ runId: start.runId, owner: start.owner, token, book, rules: start.rules, inbox });
    const hands = createHands({ rules: start.rules, inbox, keeping, board: projector.board });
    const context = { start, rules: start.rules, book, inbox, hands, keeping };
    const flight = createFlight(context, carried);
    const course: Course = {
      ...{ start, book, inbox, flight, projector, keeping, token, posted: new Map(carried?.posted) },
      ...{
        queueing: createQueueing(context),
        teller: createTeller(book, carried?.told),
        factsOf,
        decided: { seq: -1, until: 0, actions: [] },
      },
    };
    desk = deskOf(course);
    return steer(course);
  });
}

function cancelFromOutside({ data, record }: Book): void {
  if (!data.cancel && !data.finished) record({ type: 'cancelRequested', id: `${data.runId}:temporal`, by: 'system', reason: 'cancelled in Temporal' });
}

function deskOf({ book, flight, projector, posted }: Course): Desk {
  return {
    book,
    posted,
    hurry: projector.hurry,
    childTold: flight.childTold,
    status: () => ({
      state: runStateOf(book.data),
      seq: book.data.seq,
      projected: (book.unprojected[0]?.seq ?? book.data.seq + 1) - 1,
      underWay: flight.underWay(),
      attention: Object.fromEntries(book.data.attention),
    }),
  };
}

interface Opened {
  readonly book: Book;
  readonly token: number;
  readonly factsOf: FactsOf;
  readonly carried?: Carried;
  /** Absent when the run needs none. */
  readonly locks?: CarriedLocks;
}

/** The run as the journal has it, with what its last driver left in doubt; or as an earlier part of this workflow left it. */
async function open(start: RunStart): Promise<Opened> {
  if (start.carried) {
    const carried = JSON.parse(await unpack(start.carried)) as Carried; // written by carryOn
    const data = restored(carried.snapshot);
    return { book: openBook(data), token: carried.token, factsOf: await factsFor(start, data), carried, ...(carried.locks ? { locks: carried.locks } : {}) };
  }
  const { runId, owner } = start;
  const { token, events, locks } = await openerOf(start.rules).openRun({ runId, owner });
  const data: RunData = stateOf(JSON.parse(await unpack(events)) as JournalEvent[]); // what the journal holds
  const book = openBook(data);
  book.record({ type: 'leaseTaken', token, owner });
  const factsOf = await factsFor(start, data);
  for (const event of doubtsOf(data, factsOf)) book.record(event);
  return { book, token, factsOf, ...(locks ? { locks: {} } : {}) };
}

function factsFor({ kinds }: RunStart, { created, runId }: RunData): Promise<FactsOf> {
  if (!created) throw new TypeError(`${runId} has no beginning`); // openRun gives the first event first
  return factsFrom(kinds, created.graph);
}

async function steer(course: Course): Promise<RunEnd> {
  const { book, inbox, flight, projector, teller, start } = course;
  // A later part of the run finds what the part before it told, and does not know it.
  let shown = start.carried ? undefined : start.rules.told;
  for (;;) {
    inbox.take();
    if (projector.refusal() !== undefined) throw refused(projector.refusal());
    const { actions, hold } = settle(course);
    const state = runStateOf(book.data);
    const isOver = book.data.finished !== undefined;
    // How it ended is told together with its end, which spares the server a message of its own.
    if (state !== shown && !(isOver && start.rules.lean)) tellState(start, state);
    shown = state;
    if (isOver) return finish(course, state);
    teller.tell(state, isStuck(state, { isEmpty: flight.isEmpty(), actions }));
    if (flight.isEmpty()) projector.hurry();
    projector.kick();
    if (hold && flight.isQuiet() && inbox.isEmpty() && (isDue(course) || projector.isBehind())) await carryOn(course);
    await inbox.wait(earliest([projector.dueAt(), flight.dueAt(), nextTimer(actions)]));
  }
}

interface Settled {
  readonly actions: readonly Action[];
  /** Nothing new may start just now. */
  readonly hold: boolean;
}

/** Decide, record and start until nothing changes any more. */
function settle(course: Course): Settled {
  const { book, flight, queueing, projector, keeping } = course;
  for (;;) {
    queueing.advance();
    const { seq } = book.data;
    const actions = decided(course);
    for (const action of actions) if (action.type === 'record') book.record(action.event);
    // Whoever holds nothing begins nothing; it is asked for when something is to begin, or has begun.
    if (flight.wantsToAct(actions)) keeping.ask();
    const hold = isDue(course) || projector.isBehind() || !keeping.mayAct();
    if (book.data.seq === seq && !book.data.finished) flight.follow(actions, hold);
    if (book.data.seq === seq) return { actions, hold };
  }
}

/** A decision that fails is shown to people, and taken again once something has happened; a workflow that throws would be tried for ever and say nothing. */
function decided(course: Course): readonly Action[] {
  const { data, record } = course.book;
  const { seq } = data;
  if (seq === course.decided.seq && Date.now() < course.decided.until) return course.decided.actions;
  try {
    const actions = decide(data, Date.now(), course.factsOf);
    course.decided = { seq, until: nextTimer(actions) ?? Infinity, actions };
    return actions;
  } catch (cause) {
    if (!data.attention.has('@engine'))
      record({ type: 'attentionRaised', path: '@engine', reason: messageOf(cause), hint: 'report it; a newer slipway may go on' });
    return [];
  }
}

function nextTimer(actions: readonly Action[]): number | undefined {
  return earliest(actions.map((action) => (action.type === 'timer' ? action.at : undefined)));
}

function tellState({ rules }: RunStart, state: RunState): void {
  if (rules.attributes) upsertSearchAttributes([{ key: SEARCH.state, value: state }]);
}

/** The last events are in the journal before the run is over for anybody. */
async function finish({ start, book, flight, inbox, projector, teller }: Course, state: RunState): Promise<RunEnd> {
  flight.endWatches();
  while (!projector.isDone()) {
    projector.hurry();
    projector.kick();
    await inbox.wait(undefined);
    inbox.take();
    if (projector.refusal() !== undefined) throw refused(projector.refusal());
  }
  await teller.end(state, book.data.finished?.outputs ?? {});
  await condition(allHandlersFinished);
  if (start.rules.lean) tellState(start, state);
  return { state };
}

function refused(cause: unknown): ApplicationFailure {
  return ApplicationFailure.create({ message: `the journal refuses the events of this run: ${messageOf(cause)}`, type: 'JOURNAL_REFUSED', nonRetryable: true });
}
