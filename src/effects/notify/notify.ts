import { createHash } from 'node:crypto';
import { channelKey } from '../../config/index.ts';
import { SlipwayError } from '../../core/index.ts';
import type { Attempted, Note, NotifyPort } from '../../steps/index.ts';
import { type ChannelsOptions, createChannels, hintFor } from './channels.ts';

const ATTEMPTS = 3;

export interface NotifyOptions extends ChannelsOptions {
  /** A rehearsal tells nobody: every channel is written to the log. */
  readonly rehearsal?: boolean;
}
type Message = Parameters<NotifyPort['send']>[0];

/**
 * Messages of steps to people. Calls throw {SlipwayError} `NOTIFY_UNKNOWN_CHANNEL`, `NOTIFY_REJECTED`, `NOTIFY_UNREACHABLE`; none of them repeats the address.
 */
export function createNotify(options: NotifyOptions): NotifyPort {
  const channels = createChannels(options);
  return {
    send: async (message, signal) => {
      const { channel, title, text } = message;
      if (channelKey(channel) === 'log' || options.rehearsal === true) {
        options.log(`${channelKey(channel) === 'log' ? '' : `would tell ${channel}: `}${title}: ${text}`);
        return;
      }
      const note = noteOf(message, options.clock.now());
      for (let attempt = 1; ; attempt++) {
        const end = await channels.tell(channel, note, signal);
        if (end.ok) return;
        if (end.isFinal || attempt >= ATTEMPTS) throw failure(channel, end);
        await options.clock.sleep(500 * 2 ** attempt, signal);
      }
    },
  };
}

/** Its id is the same for the same message of the same run, so that a receiver can drop a repetition after a crash. */
function noteOf({ channel, title, text, runId }: Message, at: number): Note {
  const digest = createHash('sha256')
    .update(JSON.stringify([runId, channel, title, text]))
    .digest('hex');
  return { id: `msg_${digest.slice(0, 32)}`, title, text, mood: 'plain', facts: [], next: [], runId, at };
}

function failure(channel: string, { code, message, status, isFinal }: Extract<Attempted, { ok: false }>): SlipwayError {
  if (code === 'NOTIFY_UNKNOWN_CHANNEL') return new SlipwayError(code, `there is no channel "${channel}"`, { hint: hintFor(channelKey(channel)) });
  const retry = isFinal ? 'never' : 'afterBackoff';
  if (status !== undefined)
    return new SlipwayError('NOTIFY_REJECTED', `the channel "${channel}" answered ${status}`, { retry, hint: 'is its address still valid?' });
  return new SlipwayError('NOTIFY_UNREACHABLE', `the channel "${channel}" ${message}`, { retry, hint: 'look at its address and at the network' });
}
