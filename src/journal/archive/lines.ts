import { SlipwayError } from '../../core/index.ts';
import { type Draft, Header, Line } from './line.ts';
import type { Archive, WholeRun } from './port.ts';

/**
 * Whole runs as text, one JSON object a line: a header, then for each run its row, events, sealed secrets, output and evidence, and its end; then the end of
 * all, without which the file is not whole. A line never holds more than one piece of evidence.
 */
const FORMAT = 'slipway journal export';
const VERSION = 1;

/** @param ids in the order in which they were created, so that an import numbers them alike. */
export async function* exportLines(archive: Archive, ids: readonly string[]): AsyncGenerator<string> {
  const vaultKey = await archive.vaultKey();
  yield JSON.stringify({ format: FORMAT, version: VERSION, ...(vaultKey === undefined ? {} : { vaultKey }) });
  for (const id of ids) {
    const { run, events, secrets, logs, evidence } = await archive.take(id);
    yield JSON.stringify({ run });
    for (const event of events) yield JSON.stringify({ event });
    for (const secret of secrets) yield JSON.stringify({ secret: { id: secret.id, sealed: base64(secret.sealed) } });
    for (const log of logs) yield JSON.stringify({ log });
    for (const { digest, at, bytes } of evidence) yield JSON.stringify({ evidence: { digest, at, bytes: base64(bytes) } });
    yield JSON.stringify({ endOf: id });
  }
  yield JSON.stringify({ end: ids.length });
}

export interface Imported {
  readonly imported: readonly string[];
  /** Were here already, exactly so. */
  readonly same: readonly string[];
  readonly refused: readonly { readonly id: string; readonly why: string }[];
}

/**
 * Store every run of an export. What is here already stays; a run that went on otherwise here is refused, and the others are imported.
 *
 * @throws {SlipwayError} `IMPORT_BROKEN` for what is no export or was cut off, `VAULT_KEY` when its secrets were sealed with another key, `JOURNAL_*`.
 */
export async function importLines(archive: Archive, lines: AsyncIterable<string>): Promise<Imported> {
  const told: Told = { imported: [], same: [], refused: [] };
  let [open, isBegun, isWhole]: [Draft | undefined, boolean, boolean] = [undefined, false, false];
  for await (const text of lines) {
    if (text.trim() === '') continue;
    if (isWhole) throw broken('something comes after its end');
    if (!isBegun) {
      await begin(archive, jsonOf(text));
      isBegun = true;
      continue;
    }
    const line = lineOf(text);
    if ('run' in line) open = { run: line.run, events: [], secrets: [], logs: [], evidence: [] };
    else if ('end' in line) isWhole = true;
    else if (!open) throw broken('a line belongs to no run');
    else if ('endOf' in line) {
      await putOne(archive, open, told);
      open = undefined;
    } else collect(open, line);
  }
  if (!isWhole || open) throw broken('it ends in the middle');
  return told;
}

interface Told {
  readonly imported: string[];
  readonly same: string[];
  readonly refused: { readonly id: string; readonly why: string }[];
}

async function begin(archive: Archive, line: unknown): Promise<void> {
  const header = Header.safeParse(line);
  if (!header.success) throw broken('it does not begin like one');
  const { version, vaultKey } = header.data;
  if (version !== VERSION)
    throw new SlipwayError('JOURNAL_NEWER', `the export has version ${version} and this slipway knows ${VERSION}`, {
      hint: 'use the newer slipway that wrote it',
    });
  if (vaultKey !== undefined) await archive.claimVaultKey(vaultKey);
}

async function putOne(archive: Archive, whole: WholeRun, told: Told): Promise<void> {
  const { id } = whole.run;
  try {
    ((await archive.put(whole)) ? told.imported : told.same).push(id);
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || !/^(?:RUN_EXISTS|IMPORT_BROKEN)$/.test(cause.code)) throw cause;
    told.refused.push({ id, why: cause.message });
  }
}

function collect(draft: Draft, line: Line): void {
  if ('event' in line) draft.events.push(line.event);
  else if ('secret' in line) draft.secrets.push(line.secret);
  else if ('log' in line) draft.logs.push(line.log);
  else if ('evidence' in line) draft.evidence.push(line.evidence);
}

function lineOf(text: string): Line {
  const line = Line.safeParse(jsonOf(text));
  if (line.success) return line.data;
  throw broken(`a line is none of an export: ${text.slice(0, 60)}`, line.error);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw broken('a line is no JSON', cause);
  }
}

function broken(why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('IMPORT_BROKEN', `this is no whole export of a journal: ${why}`, {
    cause,
    hint: 'make it again with "slipway journal export --all"',
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
