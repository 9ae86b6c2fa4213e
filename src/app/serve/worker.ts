import { type Clock, type Json, messageOf } from '../../core/index.ts';
import type { Claim, Store } from '../../store/index.ts';
import type { Log } from './log.ts';

/** What became of an item: it is over, or it is tried again. */
export type Outcome = { readonly done: Json } | { readonly retryAt: number; readonly reason: string };
/** Works on the items of one queue. May be called twice for one item, and so looks before it acts. */
export interface QueueHandler {
  readonly handle: (item: Pick<Claim, 'id' | 'payload' | 'attempt'>, signal: AbortSignal) => Promise<Outcome>;
  /** Items worked on at once; those of one order key never. */
  readonly lanes: number;
  /** It failed so often that it is put aside. */
  readonly gaveUp?: (item: Pick<Claim, 'id' | 'payload'>, reason: string) => Promise<void>;
}
export interface WorkerOptions {
  readonly store: Store;
  readonly handlers: { readonly [queue: string]: QueueHandler };
  /** Name of this process as the holder of claims. */
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when nothing new may be begun. */
  readonly drain: AbortSignal;
  /** Aborts when what goes on has to end too; its claims run out and somebody else takes them. */
  readonly signal: AbortSignal;
  readonly claimMs?: number;
  readonly pollMs?: number;
}
export interface Worker {
  /** Something came: look now instead of at the next poll. */
  readonly wake: (queue: string) => void;
  /** Resolves once every lane has stopped, after `drain`. */
  readonly stopped: Promise<void>;
}

const CLAIM_MS = 30_000;
const POLL_MS = 500;
const MOST_ATTEMPTS = 10;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60_000;

/** Work on durable queues until drained: claim, keep the claim alive, settle. What fails is tried again later and later, ten times in all. */
export function startWorker(options: WorkerOptions): Worker {
  const bells = new Map(Object.keys(options.handlers).map((queue) => [queue, createBell()]));
  const lanes = Object.entries(options.handlers).flatMap(([queue, handler]) =>
    Array.from({ length: handler.lanes }, () => lane(options, queue, handler, bells.get(queue) ?? createBell())),
  );
  const ring = (): void => bells.forEach((bell) => bell.ring());
  options.drain.addEventListener('abort', ring, { once: true });
  return { wake: (queue) => bells.get(queue)?.ring(), stopped: Promise.all(lanes).then(() => undefined) };
}

async function lane(options: WorkerOptions, queue: string, handler: QueueHandler, bell: Bell): Promise<void> {
  const { store, owner, clock, log, drain, signal, claimMs = CLAIM_MS, pollMs = POLL_MS } = options;
  while (!drain.aborted && !signal.aborted) {
    const rung = bell.next();
    try {
      const claim = await store.queues.claim(queue, owner, claimMs);
      if (claim) {
        await work(options, handler, claim);
        continue;
      }
    } catch (cause) {
      log.error({ queue, error: messageOf(cause) }, 'the queue cannot be read; looking again');
    }
    const over = new AbortController();
    await Promise.race([rung, clock.sleep(pollMs, AbortSignal.any([signal, over.signal])).catch(() => undefined)]);
    over.abort();
  }
}

async function work(options: WorkerOptions, handler: QueueHandler, claim: Claim): Promise<void> {
  const { store, clock, log, claimMs = CLAIM_MS } = options;
  const lost = new AbortController();
  const signal = AbortSignal.any([options.signal, lost.signal]);
  const beat = setInterval(() => void store.queues.heartbeat(claim, claimMs).catch((cause: unknown) => lost.abort(cause)), claimMs / 3);
  const fields = { queue: claim.queue, item: claim.id, attempt: claim.attempt };
  try {
    const outcome = await settled(() => handler.handle(claim, signal));
    if (lost.signal.aborted) return log.warn(fields, 'somebody else has taken this item over');
    // It did not fail, it was stopped: whoever looks next goes on with it.
    if ('failed' in outcome && options.signal.aborted) return await store.queues.fail(claim, { retryAt: clock.now(), reason: 'stopped' });
    if ('failed' in outcome) return await failed(options, handler, { claim, reason: outcome.failed });
    if ('done' in outcome) await store.queues.finish(claim, outcome.done);
    else await store.queues.fail(claim, { retryAt: outcome.retryAt, reason: outcome.reason });
  } catch (cause) {
    log.error({ ...fields, error: messageOf(cause) }, 'the outcome of an item could not be kept; it will be looked at again');
  } finally {
    clearInterval(beat);
  }
}

async function settled(act: () => Promise<Outcome>): Promise<Outcome | { readonly failed: string }> {
  try {
    return await act();
  } catch (cause) {
    return { failed: messageOf(cause) };
  }
}

async function failed(
  { store, clock, log }: WorkerOptions,
  handler: QueueHandler,
  { claim, reason }: { readonly claim: Claim; readonly reason: string },
): Promise<void> {
  const fields = { queue: claim.queue, item: claim.id, attempt: claim.attempt, error: reason };
  if (claim.attempt < MOST_ATTEMPTS) {
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (claim.attempt - 1));
    log.warn(fields, 'an item failed and will be tried again');
    return store.queues.fail(claim, { retryAt: clock.now() + waitMs, reason });
  }
  log.error(fields, 'an item failed too often and was put aside');
  await handler.gaveUp?.(claim, reason);
  await store.queues.fail(claim, { reason });
}

interface Bell {
  readonly ring: () => void;
  /** Resolves at the next ring. */
  readonly next: () => Promise<void>;
}

function createBell(): Bell {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    ring: () => {
      resolve();
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
    next: () => promise,
  };
}
