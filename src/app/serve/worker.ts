import { type Clock, type Json, messageOf } from '../../core/index.ts';
import type { Claim, Store } from '../../store/index.ts';
import type { Log } from './log.ts';

/** What became of an item: it is over, or it has to wait for something, which is no failure however often it happens. */
export type Outcome = { readonly done: Json } | { readonly waitUntil: number; readonly reason: string };
/** Works on the items of one queue. May be called twice for one item, and so looks before it acts. */
export interface QueueHandler {
  readonly handle: (item: Pick<Claim, 'id' | 'payload' | 'attempt'>, signal: AbortSignal) => Promise<Outcome>;
  /** Items worked on at once; those of one order key never. */
  readonly lanes: number;
  /** It failed so often that it is put aside; may be told twice. */
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

/** A process that dies holds up what it worked on for so long. */
const CLAIM_MS = 15_000;
const POLL_MS = 500;
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
  buryDead(options).catch((cause: unknown) => options.log.error({ error: messageOf(cause) }, 'items that were put aside could not be read'));
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
    if ('failed' in outcome && options.signal.aborted) await store.queues.fail(claim, { retryAt: clock.now(), reason: 'stopped' });
    else if ('failed' in outcome) await failed(options, handler, { claim, reason: outcome.failed });
    else if ('done' in outcome) await store.queues.finish(claim, outcome.done);
    else await postpone(options, claim, outcome);
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
  const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (claim.attempt - 1));
  const state = await store.queues.fail(claim, { retryAt: clock.now() + waitMs, reason });
  if (state !== 'dead') return log.warn(fields, 'an item failed and will be tried again');
  log.error(fields, 'an item failed too often and was put aside');
  await handler.gaveUp?.(claim, reason);
}

/** The item goes to the end of its queue under a new id: waiting uses up no attempts, and lets others of its order key pass. */
async function postpone({ store }: WorkerOptions, claim: Claim, { waitUntil, reason }: Extract<Outcome, { waitUntil: number }>): Promise<void> {
  const { queue, id, payload, orderKey } = claim;
  const [base = id, times = '1'] = id.split('~');
  const next = `${base}~${Number(times) + 1}`;
  await store.queues.enqueue(queue, { id: next, payload, notBefore: waitUntil, ...(orderKey === undefined ? {} : { orderKey }) });
  await store.queues.finish(claim, { waits: next, reason });
}

/** Items that died with their worker have told nobody. */
async function buryDead({ store, handlers }: WorkerOptions): Promise<void> {
  for (const [queue, { gaveUp }] of Object.entries(handlers)) {
    if (!gaveUp) continue;
    for (const job of await store.queues.peek(queue, { states: ['dead'], limit: 100 })) await gaveUp(job, job.reason ?? 'it failed too often');
  }
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
