import type { Problem } from './problem.ts';

/** What the engine should do about a failure. */
export type RetryAdvice = 'never' | 'afterBackoff' | 'pauseForHuman';

/** Everything that may be said about a failure besides its message. */
export interface ErrorDetail {
  /** What the person should do now. */
  readonly hint?: string;
  /** What the engine does; `never` unless told. */
  readonly retry?: RetryAdvice;
  /** Process exit code when this error ends a command; 1 unless told. */
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
  /** Every mistake of a person that it is about, when there are several. */
  readonly problems?: readonly Problem[];
}

/**
 * An error with a stable code. Messages are in lower case, name the wrong value, and have no full stop; the hint says
 * what to change.
 */
export class SlipwayError extends Error {
  override readonly name = 'SlipwayError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly retry: RetryAdvice;
  readonly exitCode: ExitCode;
  readonly problems: readonly Problem[];

  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super(message, 'cause' in detail ? { cause: detail.cause } : undefined);
    this.code = code;
    this.hint = detail.hint;
    this.retry = detail.retry ?? 'never';
    this.exitCode = detail.exitCode ?? EXIT.error;
    this.problems = detail.problems ?? [];
  }
}

/** Process exit codes (the whole table; nothing else exits with another number). */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notAuthorized: 3,
  policyDenied: 5,
  notFound: 6,
  unexpectedChanges: 7,
  cancelled: 8,
  timedOut: 9,
  stalePlan: 10,
  locked: 11,
  approvalMissing: 12,
  rolledBack: 13,
  rollbackFailed: 14,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Make a new member of a union fail to compile where it is not handled. */
export function unreachable(value: never): never {
  throw new TypeError(`unhandled case ${JSON.stringify(value)}`);
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
