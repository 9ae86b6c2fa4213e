import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { snapshotOf } from '../../snapshot.ts';
import type { Carried, RunStart } from '../contract.ts';
import type { Book } from './book.ts';
import { pack } from './clerk.ts';
import type { Flight } from './flight.ts';
import type { Inbox } from './inbox.ts';
import type { Keeping } from './keeping.ts';
import type { Projector } from './projector.ts';
import type { Teller } from './teller.ts';
import type { slipwayRun } from './run.ts';

interface Travelling {
  readonly start: RunStart;
  readonly book: Book;
  readonly inbox: Inbox;
  readonly flight: Flight;
  readonly projector: Projector;
  readonly teller: Teller;
  readonly keeping: Keeping;
  readonly posted: ReadonlyMap<string, number>;
  readonly token: number;
}

/** The server ends a history at 51,200 events or 50 MB; twice our limit is far below, and bytes are looked at too. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Should the run continue as new? From the limit on as soon as nothing is under way by itself, and from twice the limit on nothing new starts until what
 * is under way has ended.
 */
export function isDue({ start, flight }: Pick<Travelling, 'start' | 'flight'>): boolean {
  const { historyLength, historySize } = workflowInfo();
  const share = Math.max(historyLength / start.rules.mostEvents, historySize / MOST_BYTES);
  return share >= 2 || (share >= 1 && flight.isQuiet());
}

/** Continue as new, if the journal has everything and nothing came meanwhile; otherwise there will be another moment. */
export async function carryOn({ start, book, inbox, flight, projector, teller, keeping, posted, token }: Travelling): Promise<void> {
  if (!projector.isDone()) return projector.hurry();
  const { seq } = book.data;
  const isDisturbed = (): boolean => !inbox.isEmpty() || book.data.seq !== seq;
  // Whoever asked has an answer now, and takes it in a moment.
  await condition(() => allHandlersFinished() || isDisturbed());
  const carried: Carried = {
    version: 1,
    token,
    snapshot: snapshotOf(book.data),
    posted: [...posted],
    ...flight.carried(),
    ...teller.told(),
    ...keeping.carried(),
  };
  const parcel = await pack(start.runId, JSON.stringify(carried));
  if (isDisturbed() || !allHandlersFinished()) return;
  await continueAsNew<typeof slipwayRun>({ ...start, carried: parcel });
}
