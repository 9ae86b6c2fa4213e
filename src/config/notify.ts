import { Secret } from '../core/index.ts';
import { bad, type Reader, text } from './reader.ts';
import type { MailSettings } from './types.ts';

const PREFIX = 'SLIPWAY_NOTIFY_';
const ADDRESS = /^[^\s@,<>"]+@[A-Za-z0-9.-]+$/;
const SHAPES = 'write https://…, teams+https://…, webhook+https://…, or mailto:<address>';

/** Where each channel is. The address carries a password in most chat systems, so no message repeats it. */
export function channels(reader: Reader): { readonly [channel: string]: Secret } {
  const found: Record<string, Secret> = {};
  for (const [variable, value] of Object.entries(reader.env)) {
    if (!variable.startsWith(PREFIX) || !value?.trim()) continue;
    const address = value.trim();
    if (!isAddress(address)) bad(reader, variable, `${variable} is not an http, https or mail address`, SHAPES);
    else if (address.startsWith('mailto:') && text(reader.env, 'SLIPWAY_SMTP') === undefined)
      bad(
        reader,
        variable,
        `${variable} is a mail address, and SLIPWAY_SMTP does not say which server sends mail`,
        'set SLIPWAY_SMTP=smtps://<user>:<password>@<host>',
      );
    found[channelKey(variable.slice(PREFIX.length))] = new Secret(address);
  }
  return found;
}

function isAddress(address: string): boolean {
  if (address.startsWith('mailto:'))
    return address
      .slice('mailto:'.length)
      .split(',')
      .every((each) => ADDRESS.test(each.trim()));
  const bare = address.replace(/^(?:slack|teams|webhook)\+/, '');
  return URL.canParse(bare) && /^https?:$/.test(new URL(bare).protocol);
}

/** Which server sends mail, and in whose name. */
export function mail(reader: Reader): MailSettings | undefined {
  const server = text(reader.env, 'SLIPWAY_SMTP');
  const own = `slipway@${reader.around.hostName ?? 'localhost'}`;
  const from = text(reader.env, 'SLIPWAY_MAIL_FROM') ?? (ADDRESS.test(own) ? own : 'slipway@localhost');
  if (!ADDRESS.test(from)) bad(reader, 'SLIPWAY_MAIL_FROM', `SLIPWAY_MAIL_FROM "${from}" is not a mail address`, 'write for example slipway@example.com');
  if (server === undefined) return undefined;
  if (!URL.canParse(server) || !/^smtps?:$/.test(new URL(server).protocol) || new URL(server).hostname === '')
    bad(
      reader,
      'SLIPWAY_SMTP',
      'SLIPWAY_SMTP is not the address of a mail server',
      'write smtps://<user>:<password>@<host>, or smtp://<host>:587 for STARTTLS',
    );
  return { server: new Secret(server), from };
}

/** The key in `notify` for a channel as runbooks write it: `#change-board` and `CHANGE_BOARD` are both `change-board`. */
export function channelKey(channel: string): string {
  return channel
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
