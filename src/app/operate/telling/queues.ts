import { z } from 'zod';
import { digestOf, type JsonObject } from '../../../core/index.ts';
import type { Note } from '../../../steps/index.ts';
import type { Store } from '../../../store/index.ts';
import { toJson } from '../documents.ts';
import { NO_END } from '../work.ts';

/** Queues of what is to be handed to somebody outside. */
export const NOTICES = 'notices';
export const WEBHOOKS = 'webhooks';

export const ChannelJob = z.object({ channel: z.string(), note: z.custom<Note>((value) => typeof value === 'object' && value !== null && 'id' in value) });
export const WebhookJob = z.object({ endpoint: z.string(), id: z.string(), body: z.string(), at: z.number() });

/** What a message is about; the same for the same event, so that it is one message however often it is put into the queue. */
export interface Subject {
  readonly about: string;
  /** Messages about one thing reach a channel in order. */
  readonly thread: string;
}

/** Have a channel told. */
export async function tellChannel({ queues }: Store, channel: string, told: Omit<Note, 'id'> & Subject): Promise<void> {
  const { about, thread, ...note } = told;
  const id = `msg_${digestOf([channel, about]).slice('sha256:'.length).slice(0, 32)}`;
  await queues.enqueue(NOTICES, { id, orderKey: `${channel}/${thread}`, payload: toJson({ channel, note: { ...note, id } }), maxAttempts: NO_END });
}

export interface OutboundEvent {
  /** The same for every attempt. */
  readonly id: string;
  readonly runId: string;
  readonly at: number;
  readonly body: JsonObject;
}

/** Have an endpoint sent an event. Those of one run reach it in order. */
export async function sendEvent({ queues }: Store, endpoint: string, { id, runId, at, body }: OutboundEvent): Promise<void> {
  const payload = { endpoint, id, at, body: JSON.stringify(body) };
  await queues.enqueue(WEBHOOKS, { id: `${endpoint}/${id}`, orderKey: `${endpoint}/${runId}`, payload, maxAttempts: NO_END });
}
