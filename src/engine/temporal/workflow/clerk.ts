import { proxyActivities } from '@temporalio/workflow';
import type { Digest } from '../../../core/pure.ts';
import { type Activities, BOOK_HEARTBEAT_MS, type Parcel, waitingQueueOf } from '../contract.ts';
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
