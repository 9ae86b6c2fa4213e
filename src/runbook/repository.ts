import { isObject, type JsonObject, type Parsed, type Problem } from '../core/index.ts';
import type { AnyKind } from '../steps/index.ts';
import { kinds as registeredKinds } from '../steps/index.ts';
import { checkAccess } from './checks/access.ts';
import { checkCalls } from './checks/calls.ts';
import { checkMetricSources } from './checks/metric-sources.ts';
import { checkReferences } from './checks/references.ts';
import { kindsOf } from './kinds.ts';
import type { LoadedDocument, Repository } from './loaded.ts';
import { type ParsedDocument, readDocuments } from './parse.ts';
import { readRemembered } from './remembered.ts';
import { hasErrors, inFileOrder } from './report.ts';
import type { DocumentKind } from './shape/documents.ts';

/** A file of a repository. */
export interface RepositoryFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string | Uint8Array;
}

/** The names of one kind of file, with who has them. */
export type Catalogue = ReadonlyMap<string, ParsedDocument>;
export type Catalogues = { readonly [K in DocumentKind]: Catalogue };

/**
 * Read all files and check the names that go from one to another: environments, calendars, inventories, called runbooks
 * and their inputs. All problems of all files at once, ordered by file and line; documents with mistakes still count
 * as there.
 */
export function validateRepository(files: readonly RepositoryFile[], kinds: readonly AnyKind[] = registeredKinds): Parsed<Repository> {
  return inspectRepository(files, kinds).parsed;
}

/** A document as it was written, whether or not it has mistakes. */
export interface WrittenDocument {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly file: string;
  readonly raw: JsonObject;
  /** Absent when it has mistakes of its own. */
  readonly loaded?: LoadedDocument;
}
export interface Inspected {
  readonly parsed: Parsed<Repository>;
  /** All that have a kind and a name, with those that have mistakes. */
  readonly documents: readonly WrittenDocument[];
}

/** As `validateRepository`, for whoever also needs to know what is there in a repository with mistakes. */
export function inspectRepository(files: readonly RepositoryFile[], kinds: readonly AnyKind[] = registeredKinds): Inspected {
  const read = files.map((file) => (kinds === registeredKinds ? readRemembered(file) : readDocuments(file.text, file.path, kinds)));
  const documents = read.flatMap((file) => file.documents);
  const catalogues = catalogue(documents);
  for (const document of documents) {
    checkReferences(document, catalogues);
    checkMetricSources(document, catalogues, kindsOf(kinds));
  }
  checkCalls(catalogues.Runbook);
  checkAccess(catalogues);
  const problems: readonly Problem[] = inFileOrder([...read.flatMap((file) => file.problems), ...documents.flatMap(({ reporter }) => reporter.problems)]);
  const written = documents.flatMap((document) => writtenOf(document) ?? []);
  if (hasErrors(problems)) return { parsed: { ok: false, problems }, documents: written };
  return { parsed: { ok: true, value: repositoryOf(documents.flatMap(({ loaded }) => loaded ?? [])), problems }, documents: written };
}

function writtenOf({ kind, raw, loaded, reporter }: ParsedDocument): WrittenDocument | undefined {
  const name = nameOf(raw);
  return kind === undefined || raw === undefined || name === undefined ? undefined : { kind, name, file: reporter.file, raw, ...(loaded ? { loaded } : {}) };
}

/** The first document of each name; later ones of the same kind and name are mistakes. */
function catalogue(documents: readonly ParsedDocument[]): Catalogues {
  const made: { [K in DocumentKind]: Map<string, ParsedDocument> } = {
    Runbook: new Map(),
    Wave: new Map(),
    Inventory: new Map(),
    Calendar: new Map(),
    Environment: new Map(),
    Objective: new Map(),
    Portfolio: new Map(),
    Access: new Map(),
  };
  for (const document of documents) {
    const name = nameOf(document.raw);
    if (document.kind === undefined || name === undefined) continue;
    const first = made[document.kind].get(name);
    if (!first) made[document.kind].set(name, document);
    else {
      const message = `there is already a document of kind ${document.kind} with the name "${name}", in ${first.reporter.file}`;
      document.reporter.report({ code: 'DUPLICATE_NAME', path: ['metadata', 'name'], message, hint: 'give one of them another name' });
    }
  }
  return made;
}

function nameOf(raw: JsonObject | undefined): string | undefined {
  const metadata = raw?.['metadata'];
  const name = isObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function repositoryOf(loaded: readonly LoadedDocument[]): Repository {
  const named = <K extends LoadedDocument['kind']>(kind: K): ReadonlyMap<string, Extract<LoadedDocument, { kind: K }>> =>
    new Map(loaded.filter((document): document is Extract<LoadedDocument, { kind: K }> => document.kind === kind).map((document) => [document.name, document]));
  return {
    runbooks: named('Runbook'),
    inventories: named('Inventory'),
    calendars: named('Calendar'),
    environments: named('Environment'),
    waves: named('Wave'),
    objectives: named('Objective'),
    portfolios: named('Portfolio'),
    accesses: named('Access'),
  };
}
