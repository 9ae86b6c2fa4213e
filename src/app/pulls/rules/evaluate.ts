import { formatDuration } from '../../../core/index.ts';
import { isTerminal } from '../../../engine/index.ts';
import { openingsOf, spanAt } from '../../../plan/index.ts';
import type { RuleView } from '../../../report/index.ts';
import { heldByOthers, locksOf, pullHolder } from '../../change-locks.ts';
import { pinOf } from '../../pins.ts';
import type { Looks } from '../look.ts';
import type { OpenedPull } from '../opened.ts';
import type { Speaker } from '../people.ts';
import type { ReadPlan } from '../plans.ts';
import type { PullsOptions } from '../types.ts';
import type { ApprovalNeed, Needs } from './needs.ts';
import { type OwnedFiles, ownersRule } from './owners.ts';
import { type Ballot, isOneOf, type Poll } from './votes.ts';

/** What rules are judged by, for one runbook. */
export interface Case {
  readonly options: PullsOptions;
  readonly looks: Looks;
  readonly opened: OpenedPull;
  readonly runbook: string;
  readonly needs: Needs;
  readonly plan: ReadPlan | undefined;
  readonly stale: string | undefined;
  readonly poll: Poll;
  readonly owned: OwnedFiles | undefined;
  /** Whoever wants to apply it; undefined while nobody does. */
  readonly applier: Speaker | undefined;
}
/** A rehearsal or rollback that old proves nothing of a day on which everything is different. */
const DRIFT_GOOD_MS = 24 * 3_600_000;

/** Judge every rule at once, so that people hear of all that is missing. */
export async function evaluateRules(one: Case): Promise<readonly RuleView[]> {
  const ballots = one.plan ? one.poll.of(one.runbook, one.plan.bundle.digest) : [];
  const counted = ballots.filter(({ speaker }) => !isOneOf(speaker, one.poll.makers) && !(one.applier && isOneOf(speaker, [one.applier.identity.id])));
  const approving = counted.filter(({ decision }) => decision === 'approve');
  return [
    planRule(one),
    ...policyRule(one),
    ...environmentRule(one),
    ...one.needs.approvals.filter(({ required, perGroup }) => required > 0 || perGroup > 0).map((need) => approvalRule(one, need, approving)),
    ...rejections(ballots),
    ...(one.owned
      ? [
          await ownersRule(
            one.opened,
            one.owned,
            approving.map(({ speaker }) => speaker),
          ),
        ]
      : []),
    ...(await gitRules(one)),
    ...windowRules(one),
    ...driftRule(one),
    ...(await drillRule(one)),
    ...(await lockRules(one)),
  ];
}

function planRule({ plan, stale, opened }: Case): RuleView {
  const rule = 'plan';
  if (!plan) {
    const forked = opened.pull.isFork && !opened.record.allowed;
    return { isMet: false, rule, found: 'there is none', todo: forked ? `a maintainer says "slipway allow ${opened.record.head}"` : 'say "slipway plan"' };
  }
  if (stale !== undefined) return { isMet: false, rule, found: `no longer counts: ${stale}`, todo: 'say "slipway plan"' };
  return { isMet: true, rule, found: plan.bundle.digest };
}

function policyRule({ plan }: Case): readonly RuleView[] {
  if (!plan) return [];
  const { decision, findings } = plan.bundle.body.verdict;
  const against = findings.filter(({ level }) => level !== 'warn');
  if (decision === 'allow') return [{ isMet: true, rule: 'policies', found: 'allow it' }];
  const found = against.map(({ rule, msg }) => `${rule}: ${msg}`).join('; ') || 'deny it';
  const todo = decision === 'softDeny' ? 'mend what they name; an override is given where the run is started by hand' : 'mend what they name';
  return [{ isMet: false, rule: 'policies', found, todo }];
}

function environmentRule({ needs }: Case): readonly RuleView[] {
  if (needs.unknown.length === 0) return [];
  const found = `the default branch does not know ${needs.unknown.join(', ')}`;
  return [{ isMet: false, rule: 'environments', found, todo: 'merge them first, so that somebody has agreed to their gates' }];
}

function approvalRule({ options, poll, plan }: Case, need: ApprovalNeed, approving: readonly Ballot[]): RuleView {
  const { environment, required, approvers, perGroup, withinMs } = need;
  const rule = `${required} approval${required === 1 ? '' : 's'}${environment === '' ? '' : ` for ${environment}`}`;
  if (poll.unknown !== undefined) return { isMet: false, rule, found: `nobody can say who made this change: ${poll.unknown}`, todo: 'make it smaller' };
  const now = options.clock.now();
  const fresh = approving.filter(({ at }) => withinMs === undefined || now - at <= withinMs);
  const speaking = fresh.filter(({ speaker }) => approvers === undefined || approvers.some((approver) => speaksFor(speaker, approver)));
  const missing = (approvers ?? [])
    .filter((approver) => approver.startsWith('team:'))
    .filter((approver) => speaking.filter(({ speaker }) => speaksFor(speaker, approver)).length < perGroup);
  const names = speaking.map(({ speaker }) => speaker.account.login).join(', ');
  const late = approving.length > fresh.length ? `; ${approving.length - fresh.length} too old` : '';
  const found = `${speaking.length} of ${required}${names === '' ? '' : `, by ${names}`}${missing.length > 0 ? `; ${perGroup} of each of ${missing.join(', ')} needed` : ''}${late}`;
  if (speaking.length >= required && missing.length === 0) return { isMet: true, rule, found };
  const who = approvers === undefined ? 'somebody who may' : `somebody of ${approvers.join(', ')}`;
  const until = withinMs === undefined ? '' : ` (it counts for ${formatDuration(withinMs)})`;
  return { isMet: false, rule, found, todo: plan ? `${who} says "slipway approve"${until}; not who made or applies it` : 'there has to be a plan first' };
}

function speaksFor({ identity, teams, account }: Speaker, approver: string): boolean {
  if (approver.startsWith('team:')) return teams.includes(approver.slice('team:'.length));
  return approver === identity.id || approver === `user:${account.login}`;
}

/** Whoever has something against it is heard, also one of its makers. */
function rejections(ballots: readonly Ballot[]): readonly RuleView[] {
  const names = ballots.filter(({ decision }) => decision === 'reject').map(({ speaker }) => speaker.account.login);
  if (names.length === 0) return [];
  return [
    {
      isMet: false,
      rule: 'nobody against it',
      found: `${names.join(', ')} rejected it`,
      todo: 'they say "slipway approve", or the change is made another one',
    },
  ];
}

/** What comes from elsewhere gets credentials that change things only once somebody has taken it in. */
const FORK_RULE: RuleView = { isMet: false, rule: 'merged', found: 'it comes from another repository', todo: 'merge it first' };

async function gitRules({ opened, needs, looks, runbook }: Case): Promise<readonly RuleView[]> {
  const { pull, target, head } = opened;
  if (pull.state === 'closed') return [{ isMet: false, rule: 'open', found: 'the pull request is closed', todo: 'open it again' }];
  if (pull.state === 'merged') {
    const isOther = await looks.isOther(opened, runbook, [target.commit, head.commit]);
    const rule = 'default branch';
    if (!isOther) return [{ isMet: true, rule, found: 'has what was planned' }];
    return [{ isMet: false, rule, found: 'has moved on from what was planned', todo: 'plan and apply what is there now: a newer change, or the portal' }];
  }
  return [
    ...(pull.draft ? [{ isMet: false, rule: 'no draft', found: 'it is a draft', todo: 'mark it as ready' }] : []),
    ...(needs.when === 'afterMerge' && needs.merge === undefined ? [{ isMet: false, rule: 'merged', found: 'it is open', todo: 'merge it' }] : []),
    ...(pull.isFork && needs.when === 'beforeMerge' ? [FORK_RULE] : []),
    ...(needs.mergeable ? [mergeableRule(opened)] : []),
    ...(needs.undiverged ? [divergedRule(opened)] : []),
  ];
}

function mergeableRule({ pull: { mergeable } }: OpenedPull): RuleView {
  const rule = 'mergeable';
  if (mergeable === 'yes') return { isMet: true, rule, found: 'it is' };
  if (mergeable === 'unknown') return { isMet: false, rule, found: 'the host has not worked it out yet', todo: 'try again in a moment' };
  return { isMet: false, rule, found: 'the host says that it is not', todo: 'resolve its conflicts, or what protects the branch' };
}

function divergedRule({ pull: { behindBy }, served }: OpenedPull): RuleView {
  const rule = 'up to date';
  if (behindBy === 0) return { isMet: true, rule, found: `has everything of ${served.branch}` };
  const found = behindBy === undefined ? 'the host does not say' : `${served.branch} has ${behindBy} commit${behindBy === 1 ? '' : 's'} more`;
  return { isMet: false, rule, found, todo: `merge ${served.branch} into it, or rebase it` };
}

function windowRules({ options, needs, opened }: Case): readonly RuleView[] {
  const now = options.clock.now();
  const calendars = opened.gates?.calendars ?? new Map();
  return needs.windows.map(({ environment, rule: written }): RuleView => {
    const rule = `window of ${environment}`;
    const spans = openingsOf(written, calendars, now);
    if ('message' in spans) return { isMet: false, rule, found: spans.message, todo: spans.hint };
    const open = spanAt(spans, now);
    if (open) return { isMet: true, rule, found: `open until ${instant(open.to)}` };
    const next = spans.find(({ from }) => from > now);
    return { isMet: false, rule, found: 'is closed', todo: next ? `it opens at ${instant(next.from)}` : 'it does not open within a year' };
  });
}

function driftRule({ needs, plan, options }: Case): readonly RuleView[] {
  if (!needs.driftFree || !plan) return [];
  const rule = 'no drift';
  const { drift } = plan.kept;
  if (!drift || options.clock.now() - drift.at > DRIFT_GOOD_MS)
    return [{ isMet: false, rule, found: 'nobody has looked for a day', todo: 'say "slipway plan"' }];
  if (drift.changed.length === 0) return [{ isMet: true, rule, found: 'stacks are as they were left' }];
  return [{ isMet: false, rule, found: drift.changed.join('; '), todo: 'bring the stacks back, or what changed into their programs, and plan again' }];
}

async function drillRule({ needs, options, runbook }: Case): Promise<readonly RuleView[]> {
  if (needs.drillMs === undefined) return [];
  const rule = `rollback proven within ${formatDuration(needs.drillMs)}`;
  const journal = await options.wiring.journal();
  const [last] = await journal.runs({ runbook, states: ['rolledBack'], limit: 1 });
  const todo = `rehearse it: slipway rehearse ${runbook} --fail <a late step>`;
  if (!last) return [{ isMet: false, rule, found: 'it never was', todo }];
  const at = instant(last.createdAt);
  return [
    options.clock.now() - last.createdAt <= needs.drillMs
      ? { isMet: true, rule, found: `by ${last.id} at ${at}` }
      : { isMet: false, rule, found: `last by ${last.id} at ${at}`, todo },
  ];
}

async function lockRules({ options, opened, runbook, plan }: Case): Promise<readonly RuleView[]> {
  const { store, wiring } = options;
  const { host, repo, number } = opened.ref;
  const held = plan ? await heldByOthers(store.locks, locksOf(plan.bundle.body, wiring.backend), pullHolder(host, repo, number)) : [];
  const pinned = await pinOf(store, opened.served.name, runbook);
  const journal = await wiring.journal();
  const going = (await journal.runs({ runbook, limit: 20 })).find(({ state, planDigest }) => planDigest === plan?.bundle.digest && !isTerminal(state));
  return [
    ...held.map(({ lock, heldBy }) => ({
      isMet: false,
      rule: lock.replace(/^change:/, ''),
      found: `held by ${heldBy?.holder ?? '?'} since ${instant(heldBy?.since ?? 0)}`,
      todo: 'wait until that change is merged or closed, or say "slipway unlock" there',
    })),
    ...(pinned
      ? [
          {
            isMet: false,
            rule: 'not pinned',
            found: `${pinned.run} was rolled back`,
            todo: pinned.revert ? `merge ${pinned.revert.url}` : 'revert it in Git, or say "slipway release"',
          },
        ]
      : []),
    ...(going ? [{ isMet: false, rule: 'not running', found: `${going.id} is ${going.state}`, todo: 'wait for its end' }] : []),
  ];
}

function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}
