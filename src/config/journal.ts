import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { messageOf, Secret } from '../core/index.ts';
import { bad, type Reader, text } from './reader.ts';
import type { JournalSettings, JournalTls, VaultKeySetting } from './types.ts';

const VARIABLE = 'SLIPWAY_JOURNAL';
const SCHEMA = /^[a-z][a-z0-9_]{0,62}$/;
const PARAMETERS = new Set(['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'schema', 'host']);
const SHAPE = 'write postgres://<user>@<host>:5432/<database>?sslmode=verify-full, or leave it out for a file in the state folder';

/** Which store keeps the journal: SQLite in the state folder, unless an address of a PostgreSQL is set. Messages never repeat it: it may hold a password. */
export function journal(reader: Reader): JournalSettings {
  const given = text(reader.env, VARIABLE);
  if (given === undefined || given === 'sqlite') return { store: 'sqlite' };
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    bad(reader, VARIABLE, `${VARIABLE} is not the address of a PostgreSQL database`, SHAPE);
    return { store: 'sqlite' };
  }
  for (const name of url.searchParams.keys())
    if (!PARAMETERS.has(name)) bad(reader, VARIABLE, `${VARIABLE} has the parameter "${name}", which is not known`, `known are ${[...PARAMETERS].join(', ')}`);
  const host = url.searchParams.get('host') ?? decoded(url.hostname.replace(/^\[|\]$/g, ''));
  const database = decoded(url.pathname.slice(1));
  if (host === '' || database === '') bad(reader, VARIABLE, `${VARIABLE} names no ${host === '' ? 'host' : 'database'}`, SHAPE);
  const schema = url.searchParams.get('schema') ?? 'slipway';
  if (!SCHEMA.test(schema)) bad(reader, VARIABLE, `${VARIABLE} has the schema "${schema}", which is not one`, 'use lower-case letters, digits and _');
  const user = decoded(url.username) || reader.around.osUser;
  const port = Number(url.port || 5432);
  const password = passwordOf(reader, decoded(url.password));
  const shown = `postgres://${user}@${host}:${port}/${database}`;
  return { ...{ store: 'postgres', host, port, database, user, schema, shown, tls: tls(reader, url.searchParams, host) }, ...(password ? { password } : {}) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone % is meant as it is
  }
}

function passwordOf(reader: Reader, inAddress: string): Secret | undefined {
  if (inAddress !== '') return new Secret(inAddress);
  const file = text(reader.env, 'SLIPWAY_JOURNAL_PASSWORD_FILE');
  const content = file === undefined ? text(reader.env, 'PGPASSWORD') : fileText(reader, 'SLIPWAY_JOURNAL_PASSWORD_FILE', file);
  return content === undefined ? undefined : new Secret(content);
}

/** Beyond this machine a connection is encrypted and the server's name is checked, unless the address says less. */
function tls(reader: Reader, given: URLSearchParams, host: string): JournalTls {
  const isHere = host.startsWith('/') || /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(host);
  const mode = given.get('sslmode') ?? (isHere ? 'disable' : 'verify-full');
  const known = MODES[mode];
  if (known === undefined) bad(reader, VARIABLE, `${VARIABLE} has sslmode "${mode}", which is not known`, `use one of ${Object.keys(MODES).join(', ')}`);
  if (known === undefined || known === 'off') return { mode: 'off' };
  const part = (name: string): string | undefined => {
    const file = given.get(name);
    return file === null ? undefined : fileText(reader, VARIABLE, file);
  };
  const [ca, cert, key] = [part('sslrootcert'), part('sslcert'), part('sslkey')];
  return { mode: known, ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key: new Secret(key) }) };
}
const MODES: { readonly [mode: string]: JournalTls['mode'] } = { disable: 'off', require: 'encrypt', 'verify-ca': 'authority', 'verify-full': 'full' };

function fileText(reader: Reader, variable: string, file: string): string | undefined {
  try {
    return readFileSync(resolve(reader.cwd, file), 'utf8').trim();
  } catch (cause) {
    bad(reader, variable, `cannot read "${file}", which ${variable} names: ${messageOf(cause)}`, 'point it to a readable file');
    return undefined;
  }
}

/** The key of the vault, when it is not the one in the state folder. */
export function vaultKey(reader: Reader): VaultKeySetting | undefined {
  const key = text(reader.env, 'SLIPWAY_VAULT_KEY');
  const file = text(reader.env, 'SLIPWAY_VAULT_KEY_FILE');
  if (key !== undefined && file !== undefined)
    bad(reader, 'SLIPWAY_VAULT_KEY', 'SLIPWAY_VAULT_KEY and SLIPWAY_VAULT_KEY_FILE are both set', 'keep one of them');
  if (file !== undefined) return { from: 'file', file: isAbsolute(file) ? file : resolve(reader.cwd, file) };
  if (key === undefined) return undefined;
  if (!/^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=?)$/.test(key))
    bad(reader, 'SLIPWAY_VAULT_KEY', 'SLIPWAY_VAULT_KEY is not 32 bytes as base64 or hexadecimal text', 'make one with "openssl rand -base64 32"');
  return { from: 'setting', key: new Secret(key) };
}
