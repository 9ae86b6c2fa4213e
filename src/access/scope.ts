import { EXIT, SlipwayError } from '../core/index.ts';
import { ACCESS_ACTIONS, fitsPattern } from '../runbook/index.ts';

/** The most a token may do: an action or several, on all runbooks or some. */
export interface Scope {
  readonly action: string;
  /** Pattern of runbooks; all, and what belongs to none, when absent. */
  readonly runbook?: string;
}

const SCOPE = /^(?<action>\*|[a-z]+\.(?:\*|[a-z]+)|\*\.[a-z]+)(?:@(?<runbook>[a-zA-Z*][a-zA-Z0-9*-]{0,62}))?$/;

/**
 * Read `run.start`, `run.*`, or `run.start@erp-*`.
 *
 * @throws {SlipwayError} `BAD_SCOPE`.
 */
export function parseScope(text: string): Scope {
  const { action, runbook } = SCOPE.exec(text)?.groups ?? {};
  if (action !== undefined && ACCESS_ACTIONS.some((known) => fitsPattern(action, known))) return runbook === undefined ? { action } : { action, runbook };
  throw new SlipwayError('BAD_SCOPE', `"${text}" is not a scope`, {
    exitCode: EXIT.usage,
    hint: `write an action, and @ with a runbook when it is for some only: run.start@erp-*; actions are ${ACCESS_ACTIONS.join(', ')}`,
  });
}

/** A scope as a person writes it. */
export function scopeText({ action, runbook }: Scope): string {
  return runbook === undefined ? action : `${action}@${runbook}`;
}

/** Is everything the scope allows allowed by one of the others too? Patterns are compared as they are written, so that doubt means no. */
export function isWithin({ action, runbook }: Scope, others: readonly Scope[]): boolean {
  return others.some((other) => {
    const hasAction = other.action === action || actionsOf(action).every((each) => fitsPattern(other.action, each));
    if (!hasAction || other.runbook === undefined) return hasAction;
    return runbook !== undefined && (other.runbook === runbook || (!runbook.includes('*') && fitsPattern(other.runbook, runbook)));
  });
}

function actionsOf(pattern: string): readonly string[] {
  return ACCESS_ACTIONS.filter((action) => fitsPattern(pattern, action));
}
