import { formatDuration } from '../../core/index.ts';
import { type ExpectedDuration, expectedDuration, type Finding, type PlanBundle } from '../../plan/index.ts';
import { clean } from '../clean.ts';
import type { MeasuringPlan } from './measuring.ts';
import { counted } from './words.ts';

/** What the plan itself does not hold. */
export interface PlanOptions {
  /** File the plan was written to, for the command to type next. */
  readonly planFile?: string;
  /** From earlier runs; without it only written pauses and probes count. */
  readonly expected?: ExpectedDuration;
  /** What its dual runs need to come to a verdict. */
  readonly measuring?: readonly MeasuringPlan[];
  /** Milliseconds since the epoch, to leave out openings of windows that are over. */
  readonly now?: number;
  /** Most characters of a plan in Markdown, at least 2,000; what the usual forges take unless told. */
  readonly limit?: number;
  /** What to do next, where that is not to type a command in a terminal. */
  readonly next?: readonly string[];
  /** Address of a line of the repository, for those who read the plan in a browser. */
  readonly linkTo?: (place: { readonly file: string; readonly line: number }) => string | undefined;
}

/** `allowed`, `denied by 2 findings`, `needs an override`. */
export function decisionWords({ body: { verdict, policies } }: PlanBundle): string {
  const denials = verdict.findings.filter(({ level }) => level === 'deny').length;
  const soft = verdict.findings.filter(({ level }) => level === 'soft').length;
  const warnings = verdict.findings.filter(({ level }) => level === 'warn').length;
  const also = warnings > 0 ? `, with ${counted(warnings, 'warning')}` : '';
  if (verdict.decision === 'deny') return `denied by ${denials > 0 ? counted(denials, 'finding') : 'the policies'}`;
  if (verdict.decision === 'softDeny') return `denied unless an owner overrides ${counted(soft, 'finding')}`;
  return `allowed by ${counted(policies.names.length, 'policy').replace(/policys$/, 'policies')}${also}`;
}

/** Denials first. */
export function sortedFindings(findings: readonly Finding[]): readonly Finding[] {
  const rank = { deny: 0, soft: 1, warn: 2 } as const;
  return findings.toSorted((a, b) => rank[a.level] - rank[b.level]);
}

/** `about 45 m, without waiting for people and windows`. */
export function expectedWords({ body }: PlanBundle, given?: ExpectedDuration): string {
  const { ms, unknown } = given ?? expectedDuration(body.graph, {}, body.inputs.values);
  const steps = unknown.length > 0 ? `; ${counted(unknown.length, 'step')} never timed before` : '';
  if (ms === 0) return unknown.length > 0 ? 'not known: no step was timed before' : 'no time';
  return `${unknown.length > 0 ? 'at least' : 'about'} ${formatDuration(ms)}, without waiting for people and windows${steps}`;
}

/** Commands to type now; the most useful first. */
export function nextWords({ body }: PlanBundle, { planFile, next }: PlanOptions): readonly string[] {
  if (next) return next;
  const name = clean(body.runbook.name);
  if (body.rehearsal) return [`slipway rehearse ${name}`];
  const apply = `slipway apply ${planFile ?? name}`;
  if (body.verdict.decision === 'allow') return [apply, `slipway rehearse ${name}`];
  const hard = body.verdict.findings.filter(({ level }) => level === 'deny');
  if (body.verdict.decision === 'deny' || hard.length > 0) return [`correct what the findings name, then: slipway plan ${name}`];
  const overrides = body.verdict.findings.filter(({ level }) => level === 'soft').map(({ id }) => `--override ${id}`);
  return [`${apply} ${overrides.join(' ')} --override-reason "<why>"`];
}

export function commitWords({ body: { commit, runbook } }: PlanBundle): string {
  const head = /^[0-9a-f]{40,}$/.test(commit.head) ? commit.head.slice(0, 10) : clean(commit.head);
  return `${clean(runbook.file)} at ${head}${commit.dirty ? ', with changes that are not committed' : ''}`;
}
