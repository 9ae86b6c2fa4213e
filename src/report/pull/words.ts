import type { PlanVerdict } from '../../plan/index.ts';
import { counted, countWords, expectedWords, viewOf } from '../plan/index.ts';
import type { RunbookView } from './view.ts';

const SIGNS = { allow: '✅', softDeny: '✋', deny: '⛔' } as const;

/** `✅ allowed`, `⛔ 2 denials`. */
export function verdictWords(verdict: PlanVerdict | undefined): string {
  if (!verdict) return '–';
  const count = (level: 'deny' | 'soft' | 'warn') => verdict.findings.filter((finding) => finding.level === level).length;
  const also = count('warn') > 0 ? `, ${counted(count('warn'), 'warning')}` : '';
  const words = {
    allow: 'allowed',
    softDeny: `${counted(count('soft'), 'override')} needed`,
    deny: count('deny') > 0 ? counted(count('deny'), 'denial') : 'denied',
  };
  return `${SIGNS[verdict.decision]} ${words[verdict.decision]}${also}`;
}

/** Changes of stacks, and how far they reach. Without previews nobody knows. */
export function changeWords({ plan, change }: RunbookView): { readonly changes: string; readonly reach: string } {
  if (change === 'removed') return { changes: 'runbook removed', reach: '–' };
  if (!plan) return { changes: 'not previewed', reach: '–' };
  const { counts, stacks, hosts, mutating } = viewOf(plan.bundle);
  const reach = [stacks > 0 ? counted(stacks, 'stack') : '', hosts > 0 ? counted(hosts, 'host') : '', mutating > 0 ? counted(mutating, 'changing step') : ''];
  return {
    changes: countWords(counts) || (mutating > 0 ? 'no change of stacks' : 'nothing'),
    reach: reach.filter((part) => part !== '').join(', ') || 'nothing',
  };
}

export function costWords({ plan }: RunbookView): string {
  const { monthly, once } = plan?.bundle.body.cost ?? {};
  return [monthly === undefined ? '' : `${monthly} a month`, once === undefined ? '' : `${once} once`].filter((part) => part !== '').join(', ') || '–';
}

export function timeWords({ plan }: RunbookView): string {
  return plan ? expectedWords(plan.bundle, plan.expected).replace(', without waiting for people and windows', '') : '–';
}

/** `ready to apply`, `2 rules not met`, `run-… is running`. */
export function stageWords({ run, pin, missing, plan, rules, change }: RunbookView): string {
  if (run) return `${run.id}: ${run.state}`;
  if (pin !== undefined) return 'pinned';
  if (change === 'removed') return 'nothing to do';
  if (!plan) return missing === undefined ? 'not planned' : 'no plan';
  if (plan.stale !== undefined) return 'plan is stale';
  const open = rules.filter(({ isMet }) => !isMet).length;
  return open === 0 ? 'ready to apply' : `${counted(open, 'rule')} not met`;
}
