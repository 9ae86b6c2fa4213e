import { type Document, LineCounter, parseAllDocuments, visit, type YAMLError } from 'yaml';
import { digestOfBytes, type Digest, type Json, type Problem } from '../../core/index.ts';
import type { Position } from '../loaded.ts';
import { toJson } from './to-json.ts';
import { positionOf, type Tree } from './tree.ts';
import { yamlWords } from './words.ts';

const MOST_BYTES = 1024 * 1024;
const MOST_DOCUMENTS = 200;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const UNWANTED = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFD]/;

/** One document of a file. `value` is null when it could not be read; `problems` then says why. */
export interface YamlDocument {
  readonly tree: Tree;
  readonly value: Json;
  readonly isReadable: boolean;
  readonly problems: readonly Problem[];
}
export interface YamlFile {
  readonly digest: Digest;
  readonly documents: readonly YamlDocument[];
  /** Problems of the file as a whole. */
  readonly problems: readonly Problem[];
}

/** Read all documents of a YAML 1.2 file, at most 1 MiB of UTF-8. */
export function readYaml(content: string | Uint8Array, file: string): YamlFile {
  const digest = digestOfBytes(content);
  const text = decode(content);
  const refused = text === undefined ? { code: 'NOT_UTF8', message: 'the file is not UTF-8 text', hint: 'save it as UTF-8', at: 0 } : refusal(text);
  if (text === undefined || refused) return { digest, documents: [], problems: [fileProblem(file, text ?? '', refused)] };
  return { digest, ...readDocuments(text, file) };
}

function decode(content: string | Uint8Array): string | undefined {
  if (typeof content === 'string') return content.startsWith('\uFEFF') ? content.slice(1) : content;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined; // said by the caller
  }
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly at: number;
}

function refusal(text: string): Refusal | undefined {
  if (Buffer.byteLength(text) > MOST_BYTES)
    return { code: 'FILE_TOO_LARGE', message: 'the file is larger than 1 MiB', hint: 'split it into several files', at: 0 };
  const at = text.search(UNWANTED);
  if (at < 0) return undefined;
  if (text[at] === '\uFFFD') return { code: 'NOT_UTF8', message: 'the file holds bytes that are not UTF-8 text', hint: 'save it as UTF-8', at };
  const code = (text.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return {
    code: 'CONTROL_CHARACTER',
    message: `the file holds the control character U+${code}`,
    hint: 'remove it, or write it as an escape in double quotes',
    at,
  };
}

function fileProblem(file: string, text: string, refused: Refusal | undefined): Problem {
  const { code = '', message = '', hint = '', at = 0 } = refused ?? {};
  const before = text.slice(0, at).split('\n');
  return { code, severity: 'error', file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, path: '', message, hint };
}

function readDocuments(text: string, file: string): Omit<YamlFile, 'digest'> {
  const lines = new LineCounter();
  try {
    const parsed = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: 'silent' });
    const documents = 'empty' in parsed ? [] : parsed;
    const empty: Refusal = { code: 'EMPTY_FILE', message: 'the file has no content', hint: 'start with apiVersion: slipway/v1 and kind: Runbook', at: 0 };
    const crowd: Refusal = {
      code: 'YAML_TOO_LARGE',
      message: `the file has more than ${MOST_DOCUMENTS} documents`,
      hint: 'split it into several files',
      at: 0,
    };
    if (documents.length > MOST_DOCUMENTS) return { documents: [], problems: [fileProblem(file, text, crowd)] };
    // A comment or "---" at the end makes a document without content; it counts only when it is the only one.
    const filled = documents.filter((document) => document.contents !== null || document.errors.length > 0);
    const isBlank = filled.every((document) => document.errors.length === 0 && isNullScalar(document));
    if (isBlank) return { documents: [], problems: [fileProblem(file, text, empty)] };
    return {
      documents: filled
        .filter((document) => document.errors.length > 0 || !isNullScalar(document))
        .map((document) => readDocument(document, { text, lines, file })),
      problems: [],
    };
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    const deep: Refusal = { code: 'YAML_TOO_LARGE', message: 'the file is nested too deeply to be read', hint: 'write less nested brackets', at: 0 };
    return { documents: [], problems: [fileProblem(file, text, deep)] };
  }
}

function isNullScalar(document: Document.Parsed): boolean {
  const { contents } = document;
  return contents === null || ('value' in contents && contents.value === null && (contents.source ?? '') === '');
}

interface Origin {
  readonly text: string;
  readonly lines: LineCounter;
  readonly file: string;
}

function readDocument(document: Document.Parsed, { text, lines, file }: Origin): YamlDocument {
  const { value, problems, targets } = toJson(document.contents);
  const tree: Tree = { text, lines, targets, root: document.contents, start: document.contents?.range?.[0] ?? document.range[0] };
  const at = (position: Position, words: { code: string; message: string; hint?: string }): Problem => ({
    severity: 'error',
    file,
    ...position,
    path: '',
    ...words,
  });
  const found = problems.map(({ node, ...words }) => at(positionOf(tree, node?.range?.[0] ?? tree.start), words));
  const syntax = [...document.errors, ...document.warnings];
  return {
    tree,
    value,
    // With a key twice the rest of the document is still worth checking.
    isReadable: syntax.every(({ code }) => code === 'DUPLICATE_KEY') && problems.every(({ code }) => !code.startsWith('YAML')),
    problems: [...firstPerLine(syntax, tree).map((error) => at(positionOf(tree, startOf(error, document)), syntaxWords(error, text))), ...found],
  };
}

/** Where a mistake begins: the reader notices a missing quote only at the end of the text. */
function startOf({ code, message, pos }: YAMLError, document: Document.Parsed): number {
  if (code !== 'MISSING_CHAR' || !message.includes('quote')) return pos[0];
  let start = pos[0];
  visit(document, {
    Scalar: (_, { type, range }) => {
      if (type?.startsWith('QUOTE') === true && range && range[0] < pos[0]) start = range[0];
    },
  });
  return start;
}

/** One slip makes the reader stumble several times; the first stumble of a line says it. */
function firstPerLine(errors: readonly YAMLError[], tree: Tree): readonly YAMLError[] {
  const lines = new Set<number>();
  return errors.filter(({ pos }) => {
    const { line } = positionOf(tree, pos[0]);
    return !lines.has(line) && lines.add(line);
  });
}

function syntaxWords({ code, message, pos }: YAMLError, text: string): { code: string; message: string; hint?: string } {
  if (code === 'DUPLICATE_KEY') {
    const key = /^["']?([^"':\n]+)/.exec(text.slice(pos[0], pos[0] + 200))?.[1]?.trim() ?? '';
    return { code: 'DUPLICATE_KEY', message: `key "${key}" is written twice`, hint: 'remove one of them; only one could take effect' };
  }
  return { code: 'YAML_SYNTAX', ...yamlWords(code, message) };
}
