import { EXIT, SlipwayError } from '../../core/index.ts';
import type { Job, JobState, Store } from '../../store/index.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';
import { ChannelJob, NOTICES, WebhookJob, WEBHOOKS } from './telling/queues.ts';

/** One message to somebody outside, and what became of it. */
export interface SeenDelivery {
  readonly id: string;
  readonly queue: typeof NOTICES | typeof WEBHOOKS;
  /** Channel or endpoint. */
  readonly to: string;
  /** What it tells: a title, or the id of an event. */
  readonly about: string;
  /** `done`: it was taken. `dead`: it is not tried any more. */
  readonly state: JobState;
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly enqueuedAt: number;
  readonly endedAt?: number;
  /** Why the last attempt failed. */
  readonly reason?: string;
}
export interface DeliveryQuery {
  readonly states?: readonly JobState[];
  readonly limit: number;
}
const MOST = 100_000;

/** Messages that wait first, in the order in which they will be tried; then those that have ended. */
export async function seeDeliveries(wiring: Wiring, { states, limit }: DeliveryQuery): Promise<readonly SeenDelivery[]> {
  await using store = await wiring.store();
  const query = { limit, ...(states ? { states } : {}) };
  const seen = await Promise.all([NOTICES, WEBHOOKS].map(async (queue) => (await store.queues.peek(queue, query)).map((job) => seenOf(queue, job))));
  return seen.flat().slice(0, limit);
}

function seenOf(queue: string, { id, payload, state, attempts, enqueuedAt, endedAt, reason }: Job): SeenDelivery {
  const rest = {
    id,
    state,
    attempts,
    enqueuedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(reason === undefined || state === 'done' ? {} : { reason }),
  };
  if (queue === NOTICES) {
    const { channel, note } = ChannelJob.parse(payload);
    return { queue: NOTICES, to: channel, about: note.title, ...rest };
  }
  const { endpoint, id: event } = WebhookJob.parse(payload);
  return { queue: WEBHOOKS, to: endpoint, about: event, ...rest };
}

/** Have messages that were given up tried again: one of them, or all. It is in the audit. @throws {SlipwayError} `DELIVERY_NOT_DEAD`. */
export async function retryDeliveries(session: Session, wiring: Wiring, id?: string): Promise<readonly string[]> {
  await using store = await wiring.store();
  const dead = await deadOf(store);
  const wanted = id === undefined ? dead : dead.filter((each) => each.id === id);
  if (id !== undefined && wanted.length === 0)
    throw new SlipwayError('DELIVERY_NOT_DEAD', `no message "${id}" was given up`, { exitCode: EXIT.notFound, hint: 'see "slipway deliveries --state dead"' });
  for (const each of wanted) {
    await store.audit.append({ actor: session.actor, action: 'delivery.retry', object: each.id });
    await store.queues.revive(each.queue, each.id);
  }
  return wanted.map((each) => each.id);
}

async function deadOf({ queues }: Store): Promise<readonly { readonly queue: string; readonly id: string }[]> {
  const found = await Promise.all(
    [NOTICES, WEBHOOKS].map(async (queue) => (await queues.peek(queue, { states: ['dead'], limit: MOST })).map(({ id }) => ({ queue, id }))),
  );
  return found.flat();
}
