import { SlipwayError } from '../../core/index.ts';

/** What ends by itself, so that the same is worth trying again. */
const PASSING = new Set([
  'ALREADY_RUNNING',
  'LOCKED',
  'REPO_LOCKED',
  'STORE_CONFLICT',
  'GIT_FAILED',
  'REPOSITORY_INVALID',
  'JOURNAL_IO',
  'JOURNAL_BUSY',
  'JOURNAL_FULL',
]);

/** Is it worth trying again a little later? What is no error of ours may pass too. */
export function isPassing(cause: unknown): boolean {
  return !(cause instanceof SlipwayError) || PASSING.has(cause.code) || cause.retry === 'afterBackoff';
}

/** Time until the next try, in milliseconds: twice as long each time, up to the longest. */
export function restMs(attempt: number, { firstMs, longestMs }: { readonly firstMs: number; readonly longestMs: number }): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(30, attempt - 1));
}
