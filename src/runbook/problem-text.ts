import type { Problem } from '../core/index.ts';

/** A problem for people: `file:line:column: error: message [CODE]`, and the hint indented on the next line. */
export function problemText(problem: Problem): string {
  const { file, line, column, severity, message, code, hint } = problem;
  const first = `${file}:${line}:${column}: ${severity}: ${message} [${code}]`;
  return hint === undefined ? first : `${first}\n    ${hint}`;
}
