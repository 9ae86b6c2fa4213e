import { createHash } from 'node:crypto';
import type { HostContext } from '../kind.ts';

/** Marks what a task makes on a host for a while: the same for every attempt, so that a crash leaves nothing which the next attempt cannot find and remove. */
export function draftMark({ idempotencyKey, host }: Pick<HostContext, 'idempotencyKey' | 'host'>): string {
  return createHash('sha256').update(`${idempotencyKey}\0${host.name}`).digest('hex').slice(0, 16);
}
