import { EXIT, type ExitCode, messageOf, type Problem, SlipwayError } from '../core/index.ts';

/** What went wrong, for people and for programs, and the exit code that says it. */
export interface Failure {
  readonly lines: readonly string[];
  readonly json: { readonly error: { readonly code: string; readonly message: string; readonly hint?: string; readonly problems?: readonly Problem[] } };
  readonly exitCode: ExitCode;
}

/** Put anything thrown into words. What is not a SlipwayError is a bug, and says where it happened. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof SlipwayError) {
    const { code, message, hint, exitCode, problems } = thrown;
    return {
      lines: [...problemLines(thrown.problems), `error: ${message} (${code})`, ...causes(thrown), ...(hint === undefined ? [] : [`hint: ${hint}`])],
      json: { error: { code, message, ...(hint === undefined ? {} : { hint }), ...(problems.length === 0 ? {} : { problems }) } },
      exitCode,
    };
  }
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return {
    lines: [`error: this is a bug in slipway: ${stack}`, 'hint: please report it with these lines'],
    json: { error: { code: 'BUG', message: messageOf(thrown) } },
    exitCode: EXIT.error,
  };
}

function causes(error: Error): readonly string[] {
  const lines: string[] = [];
  for (let cause = error.cause; cause instanceof Error && lines.length < 5; cause = cause.cause) lines.push(`  because: ${cause.message}`);
  return lines;
}

/** `runbooks/erp.yaml:12:5: error: … (CODE)` with the hint below, as editors and CI systems read it; what stands in no file, such as an input, has no place. */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  return problems.flatMap(({ file, line, column, severity, message, code, hint }) => [
    `${file.startsWith('(') ? file : `${file}:${line}:${column}`}: ${severity}: ${message} (${code})`,
    ...(hint === undefined ? [] : [`  hint: ${hint}`]),
  ]);
}
