import { isObject, type Json, type JsonObject, type Parsed, type Problem } from '../core/index.ts';
import { type AnyKind, kinds as registeredKinds } from '../steps/index.ts';
import { contextOf } from './checks/context.ts';
import { ESTATE_CHECKS } from './checks/estate.ts';
import { checkExpressions, checkUnevaluated } from './checks/expressions.ts';
import { checkIds } from './checks/ids.ts';
import { checkInputs } from './checks/inputs.ts';
import { checkNeeds } from './checks/needs.ts';
import { checkOperation } from './checks/operation.ts';
import { checkPhases } from './checks/phases.ts';
import { checkSettings, isExpressionAt } from './checks/settings.ts';
import { checkStepKeys } from './checks/step-keys.ts';
import { suggest } from './checks/context.ts';
import { kindsOf } from './kinds.ts';
import type { LoadedDocument, LoadedRunbook, Source } from './loaded.ts';
import { parsePath } from './path.ts';
import { createReporter, hasErrors, inFileOrder, type Reporter } from './report.ts';
import { resolveRunbook } from './resolve.ts';
import { DOCUMENT_KINDS, DOCUMENTS, type DocumentKind, isDocumentKind, jsonSchemaOf } from './shape/documents.ts';
import { mistakesOf } from './shape/issues.ts';
import { shown } from './shape/words.ts';
import type { StepView } from './walk/view.ts';
import { readYaml, type YamlDocument } from './yaml/read.ts';
import { keyPosition, type Tree, valuePosition } from './yaml/tree.ts';

type Registry = readonly AnyKind[];

/** A document and everything that is wrong with it. */
export interface ParsedDocument {
  /** As written, when it could be read; even when it has mistakes. */
  readonly raw: JsonObject | undefined;
  readonly kind: DocumentKind | undefined;
  readonly loaded: LoadedDocument | undefined;
  readonly reporter: Reporter;
}

/** Read every document of a file, keeping those with mistakes apart. Pure. */
export function readDocuments(
  content: string | Uint8Array,
  file: string,
  kinds: Registry = registeredKinds,
): { readonly documents: readonly ParsedDocument[]; readonly problems: readonly Problem[] } {
  const yaml = readYaml(content, file);
  const documents = yaml.documents.map((document, index) => {
    const treeOf = rereadTree({ content, file, index }, document.tree);
    return parseDocument(document, { file, digest: yaml.digest, kinds, treeOf });
  });
  return { documents, problems: yaml.problems };
}

/**
 * Read a file of any kind; all mistakes of all its documents at once, in the order of the file.
 *
 * @param content at most 1 MiB of UTF-8.
 */
export function parseFile(content: string | Uint8Array, file: string, kinds: Registry = registeredKinds): Parsed<readonly LoadedDocument[]> {
  const { documents, problems } = readDocuments(content, file, kinds);
  const all = inFileOrder([...problems, ...documents.flatMap(({ reporter }) => reporter.problems)]);
  if (hasErrors(all)) return { ok: false, problems: all };
  return { ok: true, value: documents.flatMap(({ loaded }) => loaded ?? []), problems: all };
}

/** Read a file that holds exactly one runbook. */
export function parseRunbook(content: string | Uint8Array, file: string, kinds: Registry = registeredKinds): Parsed<LoadedRunbook> {
  const parsed = parseFile(content, file, kinds);
  if (!parsed.ok) return parsed;
  const [only, ...more] = parsed.value;
  if (only?.kind === 'Runbook' && more.length === 0) return { ok: true, value: only, problems: parsed.problems };
  const found = more.length > 0 ? `${parsed.value.length} documents` : `a document of kind ${only?.kind ?? 'none'}`;
  const problem: Problem = {
    code: 'NOT_A_RUNBOOK',
    severity: 'error',
    file,
    line: 1,
    column: 1,
    path: '',
    message: `the file holds ${found}, not one runbook`,
    hint: 'name a file with one document of kind: Runbook',
  };
  return { ok: false, problems: [...parsed.problems, problem] };
}

interface Origin {
  readonly file: string;
  readonly digest: Source['digest'];
  readonly kinds: Registry;
  readonly treeOf: () => Tree;
}

/** The tree of a document. It is many times as large as the text, so that it is let go when memory is short, and read again by whoever asks for a place. */
function rereadTree(
  { content, file, index }: { readonly content: string | Uint8Array; readonly file: string; readonly index: number },
  tree: Tree,
): () => Tree {
  let kept = new WeakRef(tree);
  return () => {
    const again = kept.deref() ?? readYaml(content, file).documents[index]?.tree;
    if (!again) throw new TypeError(`${file} was read in another way before`); // the same bytes give the same documents
    kept = new WeakRef(again);
    return again;
  };
}

function parseDocument({ value, problems, isReadable }: Omit<YamlDocument, 'tree'>, origin: Origin): ParsedDocument {
  const { treeOf } = origin;
  const reporter = createReporter(treeOf, origin.file, problems);
  const kind = isReadable ? kindOfDocument(value, reporter) : undefined;
  if (kind === undefined || !isObject(value)) return { raw: undefined, kind, loaded: undefined, reporter };
  const shape = DOCUMENTS[kind];
  const parsed = shape.safeParse(value);
  for (const mistake of mistakesOf(parsed.error?.issues ?? [], {
    value,
    schema: jsonSchemaOf(shape),
    ignores: (path) => isExpressionAt(value, path) && !(kind === 'Wave' && path[0] === 'readiness'),
  }))
    reporter.report(mistake);
  const lineOf = (path: readonly (string | number)[]): number => keyPosition(treeOf(), path).line;
  const steps = kind === 'Runbook' ? checkRunbook(value, { kinds: kindsOf(origin.kinds), lineOf, report: reporter.report }) : [];
  ESTATE_CHECKS[kind]?.(value, reporter.report);
  if (kind !== 'Runbook') checkUnevaluated(value, { schema: jsonSchemaOf(shape), isEvaluated: (path) => path[0] === 'readiness', report: reporter.report });
  if (!parsed.success || hasErrors(reporter.problems)) return { raw: value, kind, loaded: undefined, reporter };
  const source: Source = {
    file: origin.file,
    digest: origin.digest,
    name: parsed.data.metadata.name,
    source: value,
    at: (path) => valuePosition(treeOf(), parsePath(path)),
  };
  return { raw: value, kind, loaded: loadedOf(parsed.data, source, steps), reporter };
}

function kindOfDocument(value: Json, { report }: Reporter): DocumentKind | undefined {
  if (!isObject(value)) {
    report({ code: 'WRONG_TYPE', path: [], message: 'the document is no map of keys', hint: 'start with apiVersion: slipway/v1 and kind: Runbook' });
    return undefined;
  }
  const { kind } = value;
  if (isDocumentKind(kind)) return kind;
  if (kind === undefined) {
    const hint = value['phases'] === undefined ? `add kind: one of ${DOCUMENT_KINDS.join(', ')}` : 'add kind: Runbook';
    report({ code: 'MISSING_KEY', path: [], message: '"kind" is missing', hint });
  } else
    report({
      code: 'UNKNOWN_FILE_KIND',
      path: ['kind'],
      message: `there is no kind of file ${shown(kind)}`,
      hint: suggest(typeof kind === 'string' ? kind : '', DOCUMENT_KINDS, 'kind'),
    });
  return undefined;
}

function checkRunbook(document: JsonObject, base: Parameters<typeof contextOf>[1]): readonly StepView[] {
  const context = contextOf(document, base);
  checkIds(context);
  checkStepKeys(context);
  checkNeeds(context);
  checkSettings(context);
  checkExpressions(context);
  checkPhases(context);
  checkInputs(context);
  checkOperation(context);
  return context.steps;
}

function loadedOf(data: ReturnType<(typeof DOCUMENTS)[DocumentKind]['parse']>, source: Source, steps: readonly StepView[]): LoadedDocument {
  switch (data.kind) {
    case 'Runbook':
      return { ...source, kind: data.kind, runbook: resolveRunbook(data, steps) };
    case 'Inventory':
      return { ...source, kind: data.kind, inventory: data };
    case 'Calendar':
      return { ...source, kind: data.kind, calendar: data };
    case 'Environment':
      return { ...source, kind: data.kind, environment: data };
    case 'Wave':
      return { ...source, kind: data.kind, wave: data };
    case 'Objective':
      return { ...source, kind: data.kind, objective: data };
    case 'Portfolio':
      return { ...source, kind: data.kind, portfolio: data };
    case 'Access':
      return { ...source, kind: data.kind, access: data };
  }
}
