import { channelKey } from '../../config/index.ts';
import { type Clock, type Secret, SlipwayError } from '../../core/index.ts';
import type { HttpPort, NotifyPort } from '../../steps/index.ts';
import { type Delivery, deliveryFor, type Message } from './message.ts';

const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;

export interface NotifyOptions {
  /** Address of each channel, by `channelKey`. The path of an address often is a password. */
  readonly channels: { readonly [key: string]: Secret };
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Takes the messages of the channel `log`. */
  readonly log: (line: string) => void;
  /** A rehearsal tells nobody: every channel is written to the log. */
  readonly rehearsal?: boolean;
}

/**
 * Messages to people. Calls throw {SlipwayError} `NOTIFY_UNKNOWN_CHANNEL`, `NOTIFY_REJECTED`, `NOTIFY_UNREACHABLE`; none of them repeats the address.
 */
export function createNotify(options: NotifyOptions): NotifyPort {
  return {
    send: async (message, signal) => {
      const key = channelKey(message.channel);
      if (key === 'log' || options.rehearsal === true) {
        options.log(`${key === 'log' ? '' : `would tell ${message.channel}: `}${message.title}: ${message.text}`);
        return;
      }
      await deliver(deliveryFor(message, addressOf(options, message, key), options.clock.now()), message, { ...options, signal });
    },
  };
}

function addressOf({ channels }: NotifyOptions, { channel }: Message, key: string): Secret {
  const address = Object.hasOwn(channels, key) ? channels[key] : undefined;
  if (address !== undefined) return address;
  throw new SlipwayError('NOTIFY_UNKNOWN_CHANNEL', `there is no channel "${channel}"`, {
    hint: `set SLIPWAY_NOTIFY_${key.toUpperCase().replaceAll('-', '_')} to the address that takes the message, or use the channel log`,
  });
}

async function deliver(delivery: Delivery, { channel }: Message, { http, clock, signal }: NotifyOptions & { readonly signal: AbortSignal }): Promise<void> {
  const request = { method: 'POST', ...delivery, timeoutMs: TIMEOUT_MS, maxBodyBytes: 4_096, followRedirects: false };
  for (let attempt = 1; ; attempt++) {
    const failure = await http.request(request, signal).then(({ status }) => rejection(channel, status), unreachable(channel, signal));
    if (failure === undefined) return;
    if (failure.retry === 'never' || attempt >= ATTEMPTS) throw failure;
    await clock.sleep(500 * 2 ** attempt, signal);
  }
}

function rejection(channel: string, status: number): SlipwayError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const retry = status === 429 || status >= 500 ? 'afterBackoff' : 'never';
  return new SlipwayError('NOTIFY_REJECTED', `the channel "${channel}" answered ${status}`, { retry, hint: 'is its address still valid?' });
}

/** The failure of the connection names the address, so it is not passed on. */
function unreachable(channel: string, signal: AbortSignal): (thrown: unknown) => SlipwayError {
  return (thrown) => {
    if (signal.aborted) throw signal.reason;
    const code = thrown instanceof SlipwayError ? thrown.code : 'unknown';
    return new SlipwayError('NOTIFY_UNREACHABLE', `the channel "${channel}" cannot be reached (${code})`, {
      retry: 'afterBackoff',
      hint: 'look at its address and at the network',
    });
  };
}
