import { posix } from 'node:path';
import { SlipwayError } from '../../../core/index.ts';

/** A member of an archive as it was written there. */
export interface RawEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link' | 'other';
  readonly mode: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly target?: string;
  readonly content?: Buffer;
}
/** A member that may be unpacked: its path stays inside, and so does where a link leads. */
export interface Entry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly modified: number;
  readonly target?: string;
  readonly content?: Buffer;
}

const MOST_ENTRIES = 100_000;
const RESERVED = new Set(['.slipway-archive', '.slipway-manifest']);

/**
 * Check every member and take the first `strip` parts of its path away. Nothing is left that could be written, or lead, outside of the
 * folder: no `..`, no absolute path, no link to elsewhere, no path through a link, no device. Set-user-id bits go.
 *
 * @throws {SlipwayError} `ARCHIVE_UNSAFE`, `ARCHIVE` with the name of the member.
 */
export function safeEntries(raw: readonly RawEntry[], strip: number): readonly Entry[] {
  if (raw.length > MOST_ENTRIES) throw new SlipwayError('ARCHIVE', `the archive has more than ${MOST_ENTRIES} members`);
  const entries = new Map<string, Entry>();
  const originals = new Map<string, RawEntry>();
  for (const each of raw) {
    const whole = partsOf(each.name);
    originals.set(whole.join('/'), each);
    const parts = whole.slice(strip);
    if (parts.length === 0) continue;
    const path = parts.join('/');
    if (RESERVED.has(path)) throw unsafe(each.name, 'is a name that Slipway needs');
    refuseConflict(path, each, entries);
    entries.set(path, entryFor(path, each, { originals, strip }));
  }
  for (const { path } of entries.values()) refuseThroughLink(path, entries);
  return [...entries.values()];
}

function partsOf(name: string): readonly string[] {
  if (/[\0\n\r\\]/.test(name)) throw unsafe(name, 'has a character that does not belong into a path');
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) throw unsafe(name, 'is an absolute path');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw unsafe(name, 'leads out of the folder');
  return parts;
}

function entryFor(path: string, each: RawEntry, { originals, strip }: { readonly originals: ReadonlyMap<string, RawEntry>; readonly strip: number }): Entry {
  const rest = { path, modified: each.modified };
  switch (each.type) {
    case 'directory':
      return { ...rest, type: 'directory', mode: (each.mode & 0o777) | 0o700 };
    case 'file':
      return { ...rest, type: 'file', mode: each.mode & 0o777, content: each.content ?? Buffer.alloc(0) };
    case 'symlink':
      return { ...rest, type: 'symlink', mode: 0o777, target: insideTarget(path, each) };
    case 'link': {
      const original = originals.get(partsOf(each.target ?? '').join('/'));
      if (original?.type !== 'file' || strip > 50) throw unsafe(each.name, `is a link to ${JSON.stringify(each.target)}, which is no file before it`);
      return { ...rest, type: 'file', mode: original.mode & 0o777, content: original.content ?? Buffer.alloc(0) };
    }
    case 'other':
      throw unsafe(each.name, 'is neither file, folder nor link');
  }
}

function insideTarget(path: string, { name, target = '' }: RawEntry): string {
  const resolved = posix.normalize(posix.join(posix.dirname(path), target));
  if (target === '' || target.startsWith('/') || /[\0\n\r\\]/.test(target) || resolved === '..' || resolved.startsWith('../')) {
    throw unsafe(name, `is a link that leads out of the folder, to ${JSON.stringify(target)}`);
  }
  return target;
}

function refuseConflict(path: string, each: RawEntry, entries: ReadonlyMap<string, Entry>): void {
  const present = entries.get(path);
  if (present && (present.type === 'directory') !== (each.type === 'directory')) throw unsafe(each.name, 'is there as a folder and as a file');
}

function refuseThroughLink(path: string, entries: ReadonlyMap<string, Entry>): void {
  for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) {
    const type = entries.get(parent)?.type;
    if (type === 'symlink') throw unsafe(path, `goes through the link ${parent}`);
    if (type === 'file') throw unsafe(path, `goes through the file ${parent}`);
  }
}

function unsafe(name: string, why: string): SlipwayError {
  return new SlipwayError('ARCHIVE_UNSAFE', `${JSON.stringify(name.slice(0, 200))} of the archive ${why}`, {
    hint: 'make the archive again without it; nothing was unpacked',
  });
}
