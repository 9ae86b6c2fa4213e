import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Digest } from '../../../core/pure.ts';
import { type Activities, BOOK_HEARTBEAT_MS, type Parcel, type Rules } from '../contract.ts';
import { waitingQueueOf } from '../routing.ts';
import { partsOf } from '../parcel.ts';

/** Activities that keep the books. They change nothing outside the journal and may be repeated, so they are tried until they succeed. */
const FINAL_CODES = ['JOURNAL_FENCED', 'JOURNAL_DIVERGED', 'JOURNAL_GAP', 'RUN_NOT_FOUND', 'EVIDENCE_MISSING'];

/** Waits have no limit of their own. */
const LONGEST = '365 days';

export type Clerk = Pick<Activities, 'openRun' | 'putPart' | 'getPart' | 'project' | 'callRun'>;

export const clerk: Clerk = proxyActivities<Activities>({
  startToCloseTimeout: '60s',
  heartbeatTimeout: BOOK_HEARTBEAT_MS,
  retry: { initialInterval: '300ms', backoffCoefficient: 2, maximumInterval: '20s', nonRetryableErrorTypes: FINAL_CODES },
});

/**
 * The same for the beginning of a run, done by the worker that decides, while it does, without a way through the queues of the server; in the usual way when that
 * does not work at once. It may be done twice: each time the journal is read anew. Events are never sent like this: the journal would have some that the history
 * of the run has not, and a worker that dies in between would have the run tell another story under the same numbers.
 */
export function openerOf({ inline }: Pick<Rules, 'inline'>): Pick<Clerk, 'openRun'> {
  if (!inline) return clerk;
  const here = proxyLocalActivities<Activities>({ startToCloseTimeout: INLINE_MS, retry: { maximumAttempts: 1 } });
  return { openRun: (request) => here.openRun(request).catch(() => clerk.openRun(request)) };
}
/** A store that takes longer is waited for in the usual way. */
const INLINE_MS = 4_000;

/** Activities that wait for as long as it takes, in the queue of those that wait. A worker that dies meanwhile is followed by another one. */
export function turnClerk(queue: string): Pick<Activities, 'takeLocks'> {
  return proxyActivities<Activities>({
    taskQueue: waitingQueueOf({ queue }),
    startToCloseTimeout: LONGEST,
    heartbeatTimeout: BOOK_HEARTBEAT_MS,
    retry: { initialInterval: '300ms', backoffCoefficient: 2, maximumInterval: '20s', nonRetryableErrorTypes: FINAL_CODES },
  });
}

/** Text as one message, or as evidence in parts. */
export async function pack(runId: string, text: string): Promise<Parcel> {
  const texts = partsOf(text);
  if (texts.length === 1) return { text };
  const parts: Digest[] = [];
  for (const part of texts) parts.push(await clerk.putPart({ runId, text: part }));
  return { parts };
}

export async function unpack(parcel: Parcel): Promise<string> {
  if ('text' in parcel) return parcel.text;
  const texts: string[] = [];
  for (const part of parcel.parts) texts.push(await clerk.getPart(part));
  return texts.join('');
}
