import type { ApplyRules, LoadedEnvironment, WindowRule } from '../../../runbook/index.ts';

/** What a runbook needs before it is applied: of all its environments together, the strictest counts. */
export interface Needs {
  readonly when: 'afterMerge' | 'beforeMerge';
  /** How Slipway merges; undefined when people do. */
  readonly merge: ApplyRules['merge'];
  /** Each environment asks its own people. */
  readonly approvals: readonly ApprovalNeed[];
  readonly reviews: boolean;
  readonly codeOwners: boolean;
  readonly mergeable: boolean;
  readonly undiverged: boolean;
  readonly driftFree: boolean;
  /** Milliseconds. */
  readonly drillMs: number | undefined;
  readonly windows: readonly { readonly environment: string; readonly rule: WindowRule }[];
  /** Environments that the default branch does not know: nobody has agreed to their gates. */
  readonly unknown: readonly string[];
}
export interface ApprovalNeed {
  /** Empty for phases without one. */
  readonly environment: string;
  readonly required: number;
  /** Anybody who may vote when undefined. */
  readonly approvers: readonly string[] | undefined;
  readonly perGroup: number;
  readonly withinMs: number | undefined;
}

/**
 * Put the rules of some environments together.
 *
 * @param names of environments that the runbook works in; none asks what environments ask that say nothing.
 * @param otherwise rules for whoever says nothing.
 */
export function needsOf(names: readonly string[], environments: ReadonlyMap<string, LoadedEnvironment>, otherwise: ApplyRules): Needs {
  const known = names.flatMap((name) => environments.get(name) ?? []);
  const each = known.length === 0 ? [{ name: '', apply: otherwise }] : known.map(({ name, environment }) => ({ name, apply: environment.apply ?? otherwise }));
  const rules = each.map(({ apply }) => apply);
  const drills = rules.flatMap(({ drill }) => drill ?? []);
  return {
    when: rules.every(({ when }) => when === 'beforeMerge') ? 'beforeMerge' : 'afterMerge',
    // Only when all of them leave the merge to Slipway.
    merge: rules.every(({ merge }) => merge !== undefined) ? rules[0]?.merge : undefined,
    approvals: each.map(({ name, apply }) => approvalOf(name, apply)),
    reviews: rules.every(({ reviews }) => reviews === true),
    codeOwners: rules.some(({ codeOwners }) => codeOwners === true),
    mergeable: rules.some(({ mergeable }) => mergeable !== false),
    undiverged: rules.some(({ undiverged }) => undiverged !== false),
    driftFree: rules.some(({ driftFree }) => driftFree === true),
    drillMs: drills.length === 0 ? undefined : Math.min(...drills),
    windows: known.flatMap(({ name, environment }) => (environment.window ? [{ environment: name, rule: environment.window }] : [])),
    unknown: names.filter((name) => !environments.has(name)),
  };
}

function approvalOf(environment: string, { approvals = {} }: ApplyRules): ApprovalNeed {
  const { required = 1, approvers, perGroup = 0, within } = approvals;
  return { environment, required, approvers, perGroup, withinMs: within };
}
