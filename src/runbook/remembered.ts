import { digestOfBytes } from '../core/index.ts';
import { type ParsedDocument, readDocuments } from './parse.ts';
import type { RepositoryFile } from './repository.ts';

/** What reading a file gives. */
export type ReadFile = ReturnType<typeof readDocuments>;

/** Bytes of text whose reading is remembered; what is kept of it is about twice as large. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Reading is pure, so that whoever reads the same text again gets the same; the file that was not asked for longest goes first. */
const remembered = new Map<string, { readonly read: ReadFile; readonly bytes: number }>();
let bytesKept = 0;

/** As `readDocuments` with the kinds that are registered, at once for a text that was read before; whoever gets it may report more mistakes. */
export function readRemembered({ path, text }: RepositoryFile): ReadFile {
  const key = `${digestOfBytes(text)} ${path}`;
  const known = remembered.get(key);
  const entry = known ?? { read: readDocuments(text, path), bytes: typeof text === 'string' ? text.length : text.byteLength };
  remembered.delete(key);
  remembered.set(key, entry);
  if (!known) forgetOldest(entry.bytes);
  return { problems: entry.read.problems, documents: entry.read.documents.map(forked) };
}

/** Read a file ahead, so that whoever needs many of them may pause in between. */
export function remember(file: RepositoryFile): void {
  readRemembered(file);
}

function forked(document: ParsedDocument): ParsedDocument {
  return { ...document, reporter: document.reporter.fork() };
}

function forgetOldest(added: number): void {
  bytesKept += added;
  for (const [key, { bytes }] of remembered) {
    if (bytesKept <= MOST_BYTES) return;
    remembered.delete(key);
    bytesKept -= bytes;
  }
}
