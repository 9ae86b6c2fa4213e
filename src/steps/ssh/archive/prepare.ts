import { type Digest, digestOf, digestOfBytes, SlipwayError } from '../../../core/index.ts';
import type { Ports } from '../../ports.ts';
import { readCheckoutFile } from '../checkout-file.ts';
import { type Entry, safeEntries } from './entries.ts';
import { type Format, formatOf, readArchive } from './read.ts';
import { writeTar } from './tar.ts';

const MOST_ARCHIVE_BYTES = 256 << 20;
const FETCH_MS = 600_000;

export interface Source {
  readonly src?: string | undefined;
  readonly url?: string | undefined;
  readonly sha256?: string | undefined;
  readonly format?: Format | undefined;
  readonly strip: number;
  /** Further settings that make another folder of the same archive. */
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode: string;
}
/** An archive, checked and ready to be sent. */
export interface Prepared {
  readonly digest: Digest;
  /** Says which archive was unpacked and how; the folder keeps it. */
  readonly mark: string;
  readonly tar: Buffer;
  readonly files: number;
  readonly bytes: number;
}
export interface Where {
  readonly ports: Ports;
  readonly checkout: string;
  readonly signal: AbortSignal;
}

/** Archives at hand, as long as the outside they came from is open: many hosts get the same one. */
const known = new WeakMap<Ports['ssh'], Map<string, Promise<Prepared>>>();

/** Read, or fetch, an archive and check all of it. @throws {SlipwayError} `ARCHIVE`, `ARCHIVE_UNSAFE`, `CHECKOUT_FILE`, `HTTP_*`. */
export function prepare(source: Source, where: Where): Promise<Prepared> {
  const ofPort = known.get(where.ports.ssh) ?? new Map<string, Promise<Prepared>>();
  known.set(where.ports.ssh, ofPort);
  const { owner = '', group = '', mode, strip, src = '', url = '', sha256 = '', format = '' } = source;
  const key = JSON.stringify([where.checkout, src, url, sha256, format, strip, owner, group, mode]);
  const present = ofPort.get(key);
  if (present) return present;
  const preparing = make(source, where);
  ofPort.set(key, preparing);
  preparing.catch(() => ofPort.delete(key));
  return preparing;
}

async function make(source: Source, where: Where): Promise<Prepared> {
  const { src, url = '', sha256, strip, owner = '', group = '', mode } = source;
  const fetched = src === undefined ? await fetchArchive(url, where) : await readCheckoutFile(where.checkout, src);
  const digest = fetched === undefined ? digestOfBytes('') : digestOfBytes(fetched);
  if (fetched !== undefined && sha256 !== undefined && digest !== `sha256:${sha256.toLowerCase()}`) {
    throw new SlipwayError('ARCHIVE', `${src ?? url} has the SHA-256 ${digest.slice('sha256:'.length)}, not ${sha256}`, {
      hint: 'somebody changed the archive: find out who and why before you change the checksum',
    });
  }
  const entries = fetched === undefined ? standIn(url) : await entriesIn(fetched, source);
  const mark = digestOf({ digest, strip, owner, group, mode }).slice('sha256:'.length);
  return { digest, mark, ...(await packed(entries, mark, digest)) };
}

async function entriesIn(bytes: Buffer, { src, url = '', format, strip }: Source): Promise<readonly Entry[]> {
  const found = format ?? formatOf(src ?? url, bytes);
  if (!found) throw new SlipwayError('ARCHIVE', `${src ?? url} is no archive that is known`, { hint: 'say its format: tar, tar.gz, tar.xz or zip' });
  const entries = safeEntries(await readArchive(bytes, found), strip);
  if (entries.length > 0) return entries;
  throw new SlipwayError('ARCHIVE', `${src ?? url} has no member${strip > 0 ? ` below ${strip} folders` : ''}`, { hint: 'correct strip' });
}

async function packed(entries: readonly Entry[], mark: string, digest: Digest): Promise<Pick<Prepared, 'tar' | 'files' | 'bytes'>> {
  const files = entries.filter(({ type }) => type === 'file');
  const manifest = files.map(({ path, content }) => `${digestOfBytes(content ?? Buffer.alloc(0)).slice('sha256:'.length)}  ${path}\n`).join('');
  const ours = (path: string, text: string): Entry => ({ path, type: 'file', mode: 0o644, modified: 0, content: Buffer.from(text) });
  // A manifest without a line is none for the tool that reads it: the marker is always in it.
  const marker = ours('.slipway-archive', `${mark}\n${digest}\n`);
  const line = `${digestOfBytes(marker.content ?? '').slice('sha256:'.length)}  .slipway-archive\n`;
  const tar = await writeTar([...entries, marker, ours('.slipway-manifest', manifest + line)]);
  return { tar, files: files.length, bytes: files.reduce((sum, { content }) => sum + (content?.length ?? 0), 0) };
}

/** Slipway fetches once; the hosts need no way out. undefined: a rehearsal, in which nobody plays that place. */
async function fetchArchive(url: string, { ports, signal }: Where): Promise<Buffer | undefined> {
  const request = { method: 'GET', url, timeoutMs: FETCH_MS, maxBodyBytes: MOST_ARCHIVE_BYTES, followRedirects: true };
  const response = await ports.http.request(request, signal).catch((cause: unknown) => {
    if (cause instanceof SlipwayError && cause.code === 'REHEARSAL_PLACE') return undefined;
    throw cause;
  });
  if (!response) return undefined;
  if (response.status !== 200) {
    throw new SlipwayError('ARCHIVE', `${url} answers ${response.status}`, { retry: response.status >= 500 ? 'afterBackoff' : 'never', hint: 'correct url' });
  }
  if (response.bodyBytes > response.body.length) throw new SlipwayError('ARCHIVE', `${url} is larger than ${MOST_ARCHIVE_BYTES} bytes`);
  return Buffer.from(response.body);
}

/** What a rehearsal unpacks in place of an archive it cannot fetch. */
function standIn(url: string): readonly Entry[] {
  return [{ path: 'REHEARSAL', type: 'file', mode: 0o644, modified: 0, content: Buffer.from(`a rehearsal unpacks this in place of ${url}\n`) }];
}
