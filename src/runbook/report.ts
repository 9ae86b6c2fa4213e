import type { Problem } from '../core/index.ts';
import { type Path, pathText } from './path.ts';
import { keyPosition, offsetPosition, type Tree, valuePosition } from './yaml/tree.ts';

/** A mistake at a place of a document. */
export interface Mistake {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly severity?: 'error' | 'warning';
  /** Point at the key instead of the value. */
  readonly atKey?: boolean;
  /** Point into the text at the path. */
  readonly within?: { readonly text: string; readonly offset: number };
}

/** Collects the problems of one document. */
export interface Reporter {
  readonly report: (mistake: Mistake) => void;
  readonly problems: Problem[];
  readonly file: string;
  /** Another one that begins with what this one has collected so far. */
  readonly fork: () => Reporter;
}

/** Make a reporter; a mistake of an aliased value is kept once. */
export function createReporter(treeOf: () => Tree, file: string, earlier: readonly Problem[] = []): Reporter {
  const problems = [...earlier];
  const keyOf = ({ line, column, code, message }: Pick<Problem, 'line' | 'column' | 'code' | 'message'>): string => `${line}:${column}:${code}:${message}`;
  const seen = new Set(earlier.map(keyOf));
  const report = ({ code, path, message, hint, severity = 'error', atKey, within }: Mistake): void => {
    const tree = treeOf();
    const position = within ? offsetPosition(tree, path, within) : atKey === true ? keyPosition(tree, path) : valuePosition(tree, path);
    const key = keyOf({ ...position, code, message });
    if (seen.has(key)) return;
    seen.add(key);
    problems.push({ code, severity, file, ...position, path: pathText(path), message, ...(hint === undefined ? {} : { hint }) });
  };
  return { report, problems, file, fork: () => createReporter(treeOf, file, problems) };
}

/** Errors and warnings in the order of the file. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column));
}

/** Is there anything that stops the document from being used? */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}
