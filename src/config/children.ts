import { isObject, Secret } from '../core/index.ts';
import type { ChildEnvironment } from './types.ts';

const BASE = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'PULUMI_HOME',
]);
const PROXIES = /^(https?|no|all)_proxy$/i;
const CLOUDS = /^(AWS|ARM|AZURE|GOOGLE|GCP)_[A-Z0-9_]+$/;
/** Before a name as above: for looks at changes that nobody has approved yet. */
const GUARDED = 'SLIPWAY_PREVIEW_';

/** Split our environment into what every child may see and what only stack operations may. */
export function childEnvironment(env: { readonly [name: string]: string | undefined }): ChildEnvironment {
  const base: Record<string, string> = {};
  const clouds: Record<string, Secret> = {};
  const guardedClouds: Record<string, Secret> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (BASE.has(name) || PROXIES.test(name)) base[name] = value;
    else if (CLOUDS.test(name)) clouds[name] = new Secret(value);
    else if (name.startsWith(GUARDED) && CLOUDS.test(name.slice(GUARDED.length))) guardedClouds[name.slice(GUARDED.length)] = new Secret(value);
  }
  return { base, clouds, guardedClouds };
}

const SECRET_NAME = /(SECRET|TOKEN|PASSWORD|CREDENTIALS|CERTIFICATE|CONNECTION_STRING|SIGNATURE|_SAS)(?!\w*_(FILE|PATH)$)|_KEY$/;
/** A setting whose name tells nothing may be one by what it holds: JSON, PEM, a connection string. */
const SECRET_SHAPE = /^\s*\{|-----BEGIN |;\s*\w+=/;
const SECRET_MEMBER = /key|secret|token|password|credential/i;

/** What nobody may read of the settings that programs of stacks see: keys of clouds, their parts when they are JSON, and logins in addresses of proxies. */
export function secretsOfChildren({ base, clouds, guardedClouds }: ChildEnvironment): readonly string[] {
  const values = [...Object.entries(clouds), ...Object.entries(guardedClouds)].map(([name, secret]) => [name, secret.reveal()] as const);
  const found = values.filter(([name, value]) => SECRET_NAME.test(name) || SECRET_SHAPE.test(value)).map(([, value]) => value);
  return [...found, ...found.flatMap(membersOf), ...Object.values(base).flatMap(loginsOf)];
}

/** A program that has read JSON prints its members, with line ends where the text has two characters. */
function membersOf(text: string): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? Object.entries(parsed).flatMap(([name, value]) => (typeof value === 'string' && SECRET_MEMBER.test(name) ? [value] : [])) : [];
  } catch {
    return []; // not JSON
  }
}

function loginsOf(address: string): readonly string[] {
  const login = /^[a-z][a-z0-9+.-]*:\/\/([^/@\s]*:([^/@\s]+))@/i.exec(address);
  return login ? login.slice(1).flatMap((part) => [part, unescaped(part)]) : [];
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no escapes, or none that mean anything
  }
}
