import type { Digest } from '../core/index.ts';
import type { PlanBody } from './types.ts';

/** The world as it is when a plan is about to be applied. */
export interface PlanFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly head: string;
  readonly runbook: Digest;
  readonly inventory: Digest;
  readonly environments: Digest;
  readonly policies: Digest;
  readonly stacks: PlanBody['stacks'];
  readonly tools: PlanBody['tools'];
}
export interface StaleReason {
  readonly code:
    | 'EXPIRED'
    | 'COMMIT_MOVED'
    | 'RUNBOOK_CHANGED'
    | 'INVENTORY_CHANGED'
    | 'ENVIRONMENTS_CHANGED'
    | 'POLICIES_CHANGED'
    | 'STACK_MOVED'
    | 'STACK_CONFIG_CHANGED'
    | 'TOOL_CHANGED';
  readonly message: string;
}

/** Every reason why a plan no longer describes what would happen; empty when it still does. Anything that cannot be compared is a reason. */
export function stalenessOf(body: PlanBody, facts: PlanFacts): readonly StaleReason[] {
  return [...expiry(body, facts), ...sources(body, facts), ...stacks(body, facts), ...tools(body, facts)];
}

function expiry(body: PlanBody, facts: PlanFacts): StaleReason[] {
  const expires = Date.parse(body.expires);
  // Written so that an unreadable time (NaN) counts as over.
  return facts.now < expires ? [] : [{ code: 'EXPIRED', message: `the plan was good until ${body.expires}` }];
}

function sources(body: PlanBody, facts: PlanFacts): StaleReason[] {
  const checks = [
    ['COMMIT_MOVED', body.commit.head, facts.head, `planned at commit ${short(body.commit.head)}, which is now ${short(facts.head)}`],
    ['RUNBOOK_CHANGED', body.runbook.digest, facts.runbook, `${body.runbook.file} has changed`],
    ['INVENTORY_CHANGED', body.inventory, facts.inventory, 'the inventory has changed'],
    ['ENVIRONMENTS_CHANGED', body.environments, facts.environments, 'environments or calendars have changed'],
    ['POLICIES_CHANGED', body.policies.digest, facts.policies, 'the policies have changed'],
  ] as const;
  return checks.flatMap(([code, planned, actual, message]) => (planned === actual ? [] : [{ code, message }]));
}

function stacks(body: PlanBody, facts: PlanFacts): StaleReason[] {
  return Object.entries(body.stacks).flatMap(([name, planned]) => {
    const actual = facts.stacks[name];
    const reasons: StaleReason[] = [];
    if (actual?.stateDigest !== planned.stateDigest) {
      reasons.push({ code: 'STACK_MOVED', message: actual ? `the state of stack ${name} has moved` : `the state of stack ${name} cannot be read` });
    }
    if (actual && actual.configDigest !== planned.configDigest) {
      reasons.push({ code: 'STACK_CONFIG_CHANGED', message: `the config of stack ${name} has changed` });
    }
    return reasons;
  });
}

function tools(body: PlanBody, facts: PlanFacts): StaleReason[] {
  return (['slipway', 'pulumi', 'opa'] as const)
    .filter((tool) => body.tools[tool] !== facts.tools[tool])
    .map((tool) => ({ code: 'TOOL_CHANGED', message: `planned with ${tool} ${body.tools[tool]}, and this is ${facts.tools[tool]}` }));
}

function short(commit: string): string {
  return /^[0-9a-f]{40,64}$/.test(commit) ? commit.slice(0, 10) : commit;
}
