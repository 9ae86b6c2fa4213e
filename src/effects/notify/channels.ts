import { channelKey } from '../../config/index.ts';
import type { Clock, Secret } from '../../core/index.ts';
import type { Attempted, ChannelsPort, HttpPort, Note } from '../../steps/index.ts';
import { post } from '../attempt.ts';
import { signed } from '../sign.ts';
import { type Address, addressOf } from './address.ts';
import { mailText, slackForm, teamsForm, webhookForm } from './forms.ts';
import { type MailServer, sendMail } from './mail.ts';

export interface ChannelsOptions {
  /** Address of each channel, by `channelKey`. The path of an address often is a password. */
  readonly channels: { readonly [key: string]: Secret };
  readonly mail?: MailServer | undefined;
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Takes the messages of the channel `log`. */
  readonly log: (line: string) => void;
}

/** Channels by the names that runbooks have for them. */
export function createChannels(options: ChannelsOptions): ChannelsPort {
  return {
    tell: async (channel, note, signal) => {
      const key = channelKey(channel);
      if (key === 'log') {
        options.log(
          `${note.title}: ${mailText(note)
            .trim()
            .replaceAll(/\s*\n\s*/g, '; ')}`,
        );
        return { ok: true };
      }
      const setting = Object.hasOwn(options.channels, key) ? options.channels[key] : undefined;
      if (!setting) return { ok: false, code: 'NOTIFY_UNKNOWN_CHANNEL', message: `there is no channel "${channel}"; ${hintFor(key)}`, isFinal: true };
      return deliver(options, { channel, note, address: addressOf(setting), signal });
    },
  };
}

export function hintFor(key: string): string {
  return `set SLIPWAY_NOTIFY_${key.toUpperCase().replaceAll('-', '_')} to the address that takes the message, or use the channel log`;
}

interface Delivery {
  readonly channel: string;
  readonly note: Note;
  readonly address: Address;
  readonly signal: AbortSignal;
}

async function deliver({ http, clock, mail }: ChannelsOptions, { channel, note, address, signal }: Delivery): Promise<Attempted> {
  if (address.kind === 'mail')
    return mail ? sendMail(mail, address.to, note) : { ok: false, code: 'MAIL_SERVER', message: 'SLIPWAY_SMTP is not set', isFinal: true };
  const form = address.kind === 'slack' ? slackForm(note) : address.kind === 'teams' ? teamsForm(note) : webhookForm(note, channel);
  const body = JSON.stringify(form);
  const isSigned = address.kind === 'webhook' && address.signing !== undefined;
  const signature = isSigned ? signed({ id: note.id, now: clock.now(), body, keys: [address.signing ?? ''] }) : {};
  return post(http, { url: address.url, body, headers: { 'content-type': 'application/json', ...signature } }, signal);
}
