import { createHmac, timingSafeEqual } from 'node:crypto';

/** One line of a known_hosts file, or of an inventory. */
export interface KnownKey {
  readonly marker: 'key' | 'authority' | 'revoked';
  readonly type: string;
  readonly blob: Buffer;
  /** File and line, or `inventory`, for messages. */
  readonly source: string;
}

const MARKERS: { readonly [word: string]: KnownKey['marker'] } = { '@cert-authority': 'authority', '@revoked': 'revoked' };
const KEY_TYPE = /^(ssh|ecdsa|sk)-[A-Za-z0-9@._-]+$/;

/** The lines of a known_hosts file, read once, to be asked for many hosts. */
export type KnownHosts = (address: string, port: number) => readonly KnownKey[];

interface Line extends KnownKey {
  readonly names: string;
  readonly number: number;
}

/** Read a known_hosts file. Lines that name hosts plainly are found at once; those with wildcards or hashed names are looked through. */
export function readKnownHosts(text: string, file: string): KnownHosts {
  const plain = new Map<string, Line[]>();
  const others: Line[] = [];
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = parseLine(written, `${file}:${index + 1}`, index);
    if (!line) continue;
    if (/[*?!|]/.test(line.names)) others.push(line);
    else for (const name of new Set(line.names.toLowerCase().split(','))) plain.set(name, [...(plain.get(name) ?? []), line]);
  }
  return (address, port) => {
    const found = [...(plain.get(knownHostsName(address, port)) ?? []), ...others.filter(({ names }) => isNamed(names, address, port))];
    return found.sort((a, b) => a.number - b.number).map(({ marker, type, blob, source }) => ({ marker, type, blob, source }));
  };
}

function parseLine(written: string, source: string, number: number): Line | undefined {
  const words = written.trim().split(/\s+/);
  if (written.trim() === '' || written.trim().startsWith('#')) return undefined;
  const marker = MARKERS[words[0] ?? ''];
  if (marker === undefined && words[0]?.startsWith('@')) return undefined;
  const [names = '', type = '', base64 = ''] = marker ? words.slice(1) : words;
  if (!KEY_TYPE.test(type)) return undefined;
  return { marker: marker ?? 'key', type, blob: Buffer.from(base64, 'base64'), source, names, number };
}

/** The lines of a known_hosts file that speak about this address and port. */
export function matchKnownHosts(text: string, address: string, port: number, file: string): readonly KnownKey[] {
  return readKnownHosts(text, file)(address, port);
}

/** A host key of an inventory: `ssh-ed25519 AAAA…`, or `@cert-authority [pattern] ssh-ed25519 AAAA…`, or a whole known_hosts line. */
export function parseInventoryKey(text: string, address: string, port: number): readonly KnownKey[] {
  const words = text.trim().split(/\s+/);
  const marker = MARKERS[words[0] ?? ''];
  const rest = marker ? words.slice(1) : words;
  const [type = '', base64 = ''] = rest;
  if (!KEY_TYPE.test(type)) return matchKnownHosts(text, address, port, 'inventory').map((key) => ({ ...key, source: 'inventory' }));
  return [{ marker: marker ?? 'key', type, blob: Buffer.from(base64, 'base64'), source: 'inventory' }];
}

/** How known_hosts spells a host: the port only when it is not 22. */
export function knownHostsName(address: string, port: number): string {
  return port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;
}

function isNamed(patterns: string, address: string, port: number): boolean {
  const name = knownHostsName(address, port);
  if (patterns.startsWith('|1|')) return isHashOf(patterns, name);
  let named = false;
  for (const pattern of patterns.split(',')) {
    const negated = pattern.startsWith('!');
    if (!matches(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    named = true;
  }
  return named;
}

function isHashOf(hashed: string, name: string): boolean {
  const [, , salt = '', digest = ''] = hashed.split('|');
  const wanted = Buffer.from(digest, 'base64');
  const seen = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === seen.length && timingSafeEqual(wanted, seen);
}

/** `*` and `?` as in a shell, without regular expressions, so that no pattern is slow. */
function matches(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase();
  let at = 0;
  let from = 0;
  let star = -1;
  let starFrom = 0;
  while (from < name.length) {
    if (at < wanted.length && (wanted[at] === '?' || wanted[at] === name[from]) && wanted[at] !== '*') {
      at++;
      from++;
    } else if (wanted[at] === '*') {
      star = at++;
      starFrom = from;
    } else if (star >= 0) {
      at = star + 1;
      from = ++starFrom;
    } else return false;
  }
  while (wanted[at] === '*') at++;
  return at === wanted.length;
}
