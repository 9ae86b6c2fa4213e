import { ApplicationFailure, CancellationScope, condition, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { SlipwayError } from '../../../core/pure.ts';
import { refuseRequest, type RequestBody } from '../../requests.ts';
import { CHILD_SIGNAL, type ChildTold, PARENT_SIGNAL, type Posted, REQUESTS, type Status, STATUS_QUERY } from '../contract.ts';
import type { Book } from './book.ts';

/** Ids of the latest requests; older ones do not come again. */
const MOST_REMEMBERED = 2_000;

/** A run that can be asked; filled in once its events are there. */
export interface Desk {
  readonly book: Book;
  readonly posted: Map<string, number>;
  /** Somebody waits for the journal to have it. */
  readonly hurry: () => void;
  readonly childTold: (child: ChildTold) => void;
  readonly status: () => Status;
}

/**
 * Take requests from the first moment on: one that comes while the run is being opened waits for that. A request is answered once its event is in the
 * journal, so that whoever asked sees it there.
 */
export function openDesk(desk: () => Desk | undefined, wake: () => void): void {
  const check = (body: RequestBody): void => {
    const at = desk();
    if (at && !at.posted.has(body.id)) asFailure(() => refuseRequest(at.book.data, body));
  };
  const take = (body: RequestBody): Promise<Posted> =>
    CancellationScope.nonCancellable(async () => {
      await condition(() => desk() !== undefined);
      const at = desk();
      if (!at) throw new TypeError('a desk that was opened is open');
      const known = at.posted.get(body.id);
      if (known === undefined) check(body);
      const seq = known ?? post(at, body);
      wake();
      await condition(() => at.book.isProjected(seq));
      return { seq, fresh: known === undefined };
    });
  for (const name of Object.values(REQUESTS)) setHandler(defineUpdate<Posted, [RequestBody]>(name), take, { validator: check });
  setHandler(defineSignal<[RequestBody]>(PARENT_SIGNAL), async (body) => {
    await condition(() => desk() !== undefined);
    const at = desk();
    if (at && !at.posted.has(body.id) && !at.book.data.finished) post(at, body);
    wake();
  });
  setHandler(defineSignal<[ChildTold]>(CHILD_SIGNAL), async (child) => {
    await condition(() => desk() !== undefined);
    desk()?.childTold(child);
    wake();
  });
  setHandler(defineQuery<Status | undefined>(STATUS_QUERY), () => desk()?.status());
}

function post({ book, posted, hurry }: Desk, body: RequestBody): number {
  const seq = book.record(body);
  posted.set(body.id, seq);
  for (const id of posted.keys()) if (posted.size > MOST_REMEMBERED) posted.delete(id);
  hurry();
  return seq;
}

/** Errors of ours as the server passes them on: type is the code. */
function asFailure(act: () => void): void {
  try {
    act();
  } catch (cause) {
    if (!(cause instanceof SlipwayError)) throw cause;
    throw ApplicationFailure.create({
      message: cause.message,
      type: cause.code,
      nonRetryable: true,
      details: [{ hint: cause.hint, retry: cause.retry, exitCode: cause.exitCode }],
    });
  }
}
