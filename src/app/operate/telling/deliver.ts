import { formatDuration, type Json } from '../../../core/index.ts';
import type { Attempted, ChannelsPort, WebhooksPort } from '../../../steps/index.ts';
import type { Operating } from '../operating.ts';
import { restMs } from '../passing.ts';
import type { Ended, Handler, Job } from '../work.ts';
import { ChannelJob, NOTICES, WebhookJob, WEBHOOKS } from './queues.ts';

const LANES = 4;
const REST = { firstMs: 1_000, longestMs: 3_600_000 };
/** Only this process does not know it: another one may. */
export const UNKNOWN_CHANNEL = 'NOTIFY_UNKNOWN_CHANNEL';
/** Whoever takes nothing for so long is not told any more of what is that old. */
export const GIVE_UP_MS = 3 * 86_400_000;

/** Hands messages to channels: at least once each, with an id that is the same for every attempt. */
export function noticesHandler(operating: Operating, channels: ChannelsPort): Handler {
  return {
    queue: NOTICES,
    lanes: LANES,
    handle: async (job, signal) => {
      const { channel, note } = ChannelJob.parse(job.payload);
      return endOf(operating, { job, at: note.at, end: await channels.tell(channel, note, signal) });
    },
  };
}

/** Hands events to endpoints; in order for each run, so that one that is not taken holds back those after it. */
export function webhooksHandler(operating: Operating, webhooks: WebhooksPort): Handler {
  return {
    queue: WEBHOOKS,
    lanes: LANES,
    handle: async (job, signal) => {
      const { endpoint, id, body, at } = WebhookJob.parse(job.payload);
      return endOf(operating, { job, at, end: await webhooks.send(endpoint, { id, body }, signal) });
    },
  };
}

interface Tried {
  readonly job: Job;
  /** When it happened. */
  readonly at: number;
  readonly end: Attempted;
}

/** What is kept of a delivery: status and attempts when it was taken, the reason when it was not. */
function endOf({ clock }: Operating, { job, at, end }: Tried): Ended {
  if (end.ok) return { done: { attempts: job.attempt, ...(end.status === undefined ? {} : { status: end.status }) } satisfies Json };
  const now = clock.now();
  if (end.isFinal && end.code !== UNKNOWN_CHANNEL) return { dead: `${end.code}: ${end.message}` };
  if (now - at > GIVE_UP_MS) return { dead: `${end.code}: ${end.message}; given up after ${formatDuration(now - at)}` };
  return { retryAt: now + Math.max(end.retryAfterMs ?? 0, restMs(job.attempt, REST)), reason: `${end.code}: ${end.message}` };
}
