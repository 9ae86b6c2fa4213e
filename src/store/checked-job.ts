import { checkedName, checkedText } from './checked.ts';
import type { NewJob } from './port.ts';

const ATTEMPTS = 10;

/** A job that may be stored. */
export interface CheckedJob {
  readonly queue: string;
  readonly id: string;
  readonly orderKey: string | undefined;
  readonly text: string;
  readonly maxAttempts: number;
  readonly notBefore: number | undefined;
}

/** @throws {SlipwayError} `STORE_NAME`, `STORE_TOO_LARGE`. */
export function checkedJob(queue: string, { id, orderKey, payload, maxAttempts = ATTEMPTS, notBefore }: NewJob): CheckedJob {
  return {
    queue: checkedName('queue', queue),
    id: checkedName('job', id),
    orderKey: orderKey === undefined ? undefined : checkedName('order key', orderKey),
    text: checkedText(payload),
    maxAttempts: Math.max(1, Math.floor(maxAttempts)),
    notBefore: notBefore === undefined ? undefined : Math.floor(notBefore),
  };
}
