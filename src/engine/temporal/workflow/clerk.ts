import { proxyActivities } from '@temporalio/workflow';
import type { Digest } from '../../../core/pure.ts';
import type { Activities, Parcel } from '../contract.ts';

/** Activities that keep the books. They change nothing outside the journal and may be repeated, so they are tried until they succeed. */
const FINAL_CODES = ['JOURNAL_FENCED', 'JOURNAL_DIVERGED', 'JOURNAL_GAP', 'RUN_NOT_FOUND', 'EVIDENCE_MISSING'];

export type Clerk = Pick<Activities, 'openRun' | 'putPart' | 'getPart' | 'project' | 'callRun'>;

export const clerk: Clerk = proxyActivities<Activities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '300ms', backoffCoefficient: 2, maximumInterval: '20s', nonRetryableErrorTypes: FINAL_CODES },
});

/** Longest text that travels in one message, in UTF-16 units: below the 2 MB of the server even when each takes three bytes. */
const MOST_TEXT = 600_000;

/** Text as one message, or as evidence in parts. */
export async function pack(runId: string, text: string): Promise<Parcel> {
  if (text.length <= MOST_TEXT) return { text };
  const parts: Digest[] = [];
  for (let from = 0, to = 0; from < text.length; from = to) {
    to = endOfPart(text, from + MOST_TEXT);
    parts.push(await clerk.putPart({ runId, text: text.slice(from, to) }));
  }
  return { parts };
}

/** Not in the middle of a character that takes two units: half of one is none. */
function endOfPart(text: string, to: number): number {
  const unit = text.charCodeAt(to - 1);
  return to < text.length && unit >= 0xd800 && unit <= 0xdbff ? to - 1 : to;
}

export async function unpack(parcel: Parcel): Promise<string> {
  if ('text' in parcel) return parcel.text;
  const texts = [];
  for (const part of parcel.parts) texts.push(await clerk.getPart(part));
  return texts.join('');
}
