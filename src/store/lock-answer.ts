import type { Row } from './audit-chain.ts';
import type { LockAnswer, LockRequest } from './port.ts';
import { holderOf } from './rows.ts';

export interface LockFacts {
  readonly lock: string;
  readonly request: LockRequest;
  readonly now: number;
  /** The lock, when anybody has ever had it. */
  readonly row: Row | undefined;
  /** Those whose time is not over, first come first. */
  readonly waiters: readonly Row[];
}

/** Who gets a lock: whoever has it keeps it, then the first of its queue, and whoever else asks only when nobody waits. */
export function answerOf({ lock, request, now, row, waiters }: LockFacts): LockAnswer {
  const { holder, runId, queue } = request;
  const token = Number(row?.['token'] ?? 0);
  const held = row && holderOf(row, now);
  const isMine = (one: { readonly holder: string; readonly runId: string }): boolean => one.holder === holder && one.runId === runId;
  if (held && isMine(held)) return { state: 'held', lock, holder, runId, token };
  const place = waiters.findIndex((waiter) => isMine({ holder: String(waiter['holder']), runId: String(waiter['run_id']) }));
  if (!held && (place === 0 || waiters.length === 0)) return { state: 'held', lock, holder, runId, token: token + 1 };
  const heldBy = held ? { heldBy: held } : {};
  if (!queue) return { state: 'refused', waiting: waiters.length, ...heldBy };
  return { state: 'waiting', position: place >= 0 ? place + 1 : waiters.length + 1, ...heldBy };
}
