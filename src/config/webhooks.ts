import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { messageOf, Secret } from '../core/index.ts';
import { bad, type Reader, text } from './reader.ts';
import type { WebhookEndpoint, WebhookSettings } from './types.ts';

const PREFIX = 'SLIPWAY_WEBHOOK_';
const ALLOW = `${PREFIX}ALLOW`;
const NAME = /^[A-Z0-9]+(?:_[A-Z0-9]+)*$/;
const SUFFIX = /_(?:SECRET|SECRET_FILE|EVENTS)$/;
/** 24 to 64 bytes, as Standard Webhooks wants them. */
const SIGNING_SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;
const MADE = 'make one with: echo "whsec_$(openssl rand -base64 32)"';

/** Who is sent every event of every run, and which addresses beyond the public ones may be sent to. */
export function webhooks(reader: Reader): WebhookSettings {
  const variables = Object.keys(reader.env).filter((name) => name.startsWith(PREFIX) && name !== ALLOW && text(reader.env, name) !== undefined);
  const endpoints = variables.filter((name) => !SUFFIX.test(name)).flatMap((name) => endpointOf(reader, name) ?? []);
  for (const name of variables) {
    const owner = name.replace(SUFFIX, '');
    if (owner !== name && text(reader.env, owner) === undefined)
      bad(reader, name, `${name} is set, and ${owner} is not`, `set ${owner} to the address that takes the events`);
  }
  return { endpoints, allow: allowed(reader) };
}

function endpointOf(reader: Reader, variable: string): WebhookEndpoint | undefined {
  const name = variable.slice(PREFIX.length);
  const url = text(reader.env, variable) ?? '';
  if (!NAME.test(name)) bad(reader, variable, `${variable} does not name an endpoint`, `write ${PREFIX}<NAME>, with letters, digits and _`);
  // The address may carry a password, so no message repeats it.
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || new URL(url).hash !== '') {
    bad(reader, variable, `${variable} is not an http or https address`, 'set it to the address that takes the events');
    return undefined;
  }
  const secrets = secretsOf(reader, variable);
  if (secrets === undefined) return undefined;
  const events = text(reader.env, `${variable}_EVENTS`)
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  for (const event of events ?? [])
    if (!/^[a-zA-Z]+$/.test(event))
      bad(reader, `${variable}_EVENTS`, `${variable}_EVENTS names "${event}", which is no event`, 'list names such as runStarted,runFinished');
  return { name: name.toLowerCase().replaceAll('_', '-'), url: new Secret(url), secrets, ...(events === undefined ? {} : { events }) };
}

/** One secret, or several between spaces while a new one takes over from the old. */
function secretsOf(reader: Reader, variable: string): readonly Secret[] | undefined {
  const file = text(reader.env, `${variable}_SECRET_FILE`);
  const given = file === undefined ? text(reader.env, `${variable}_SECRET`) : fileText(reader, `${variable}_SECRET_FILE`, file);
  const secrets = (given ?? '').split(/\s+/).filter((each) => each !== '');
  if (secrets.length > 0 && secrets.every((each) => SIGNING_SECRET.test(each))) return secrets.map((each) => new Secret(each));
  const why = secrets.length === 0 ? `${variable} has no signing secret` : `${variable} has a signing secret that is none`;
  bad(reader, `${variable}_SECRET`, why, `set ${variable}_SECRET or ${variable}_SECRET_FILE; ${MADE}`);
  return undefined;
}

function fileText(reader: Reader, variable: string, file: string): string | undefined {
  try {
    return readFileSync(resolve(reader.cwd, file), 'utf8').trim();
  } catch (cause) {
    bad(reader, variable, `cannot read "${file}", which ${variable} names: ${messageOf(cause)}`, 'point it to a readable file');
    return undefined;
  }
}

function allowed(reader: Reader): readonly string[] {
  const ranges = (text(reader.env, ALLOW) ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address);
    const isFine = family !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)));
    if (!isFine) bad(reader, ALLOW, `${ALLOW} has "${range}", which is no address and no range of addresses`, 'write for example 10.20.0.0/16 or 127.0.0.1');
  }
  return ranges;
}
