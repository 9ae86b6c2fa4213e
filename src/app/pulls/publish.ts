import { createMasker, SlipwayError } from '../../core/index.ts';
import { isTerminal } from '../../engine/index.ts';
import { type CommitStatus, linkToFile, placeComment } from '../../githost/index.ts';
import { pullMarkdown, type PullView, type RunbookView } from '../../report/index.ts';
import { pullHolder } from '../change-locks.ts';
import { pinOf } from '../pins.ts';
import { isTouched } from './affected/index.ts';
import type { Assessed } from './assess.ts';
import type { Look } from './look.ts';
import type { OpenedPull } from './opened.ts';
import { amendRecord } from './record.ts';
import type { Trust } from './trust.ts';
import type { PullsOptions } from './types.ts';

/** What is known when the comment is written. */
export interface Known {
  readonly opened: OpenedPull;
  readonly look: Look;
  readonly assessed: readonly Assessed[];
  readonly trust: Trust;
  /** This is not the last word about the head. */
  readonly isWorking: boolean;
}

/** The marker line, and room for the note that something was cut. */
const SPARE_CHARS = 400;
/** More would be more than anybody reads; the overall status and the comment have all of them. */
const MOST_STATUSES = 25;

/** Say how things stand: one comment, edited in place, and statuses of the head. Safe to repeat: what says so already is left as it is. */
export async function publish(options: PullsOptions, known: Known): Promise<void> {
  const { opened, look } = known;
  const { host } = opened.served;
  const { ref, record, signal } = opened;
  const isQuiet = look.affected.length === 0 && look.problems.length === 0 && record.comment === undefined;
  for (const status of statusesOf(options, known)) await host.setStatus(ref.repo, record.head, status, { signal });
  if (isQuiet) return;
  const body = pullMarkdown(await viewOf(options, known), host.limits.commentChars - SPARE_CHARS);
  const remembered = record.comment === undefined ? {} : { rememberedId: record.comment };
  const placed = await placeComment(host, { repo: ref.repo, number: ref.number, key: 'plan', body, ...remembered }, { signal });
  const shown = new Set(known.assessed.flatMap(({ plan }) => plan?.bundle.digest ?? []));
  const now = options.clock.now();
  await amendRecord(options.store, ref, (before) => ({
    ...before,
    comment: placed.id,
    plans: Object.fromEntries(
      Object.entries(before.plans).map(([runbook, plan]) => [runbook, plan.shownAt === undefined && shown.has(plan.digest) ? { ...plan, shownAt: now } : plan]),
    ),
  }));
}

async function viewOf(options: PullsOptions, known: Known): Promise<PullView> {
  const { opened, look, assessed, isWorking } = known;
  const { pull, record, served, target } = opened;
  return {
    head: record.head,
    base: served.branch,
    state: pull.state,
    problems: look.problems,
    runbooks: await Promise.all(assessed.map((one) => runbookView(options, known, one))),
    notes: notesOf(known),
    locks: await locksOf(options, known),
    isWorking,
    linkTo: ({ file, line }) => linkToFile(served.host, pull, { sha: target.commit, path: file, line }),
    commands: commandsOf(known),
  };
}

async function runbookView(options: PullsOptions, { opened, look, trust }: Known, { affected, plan, stale, rules, run }: Assessed): Promise<RunbookView> {
  const { runbook: name, file, change, reasons } = affected;
  const judged = look.judged.get(name);
  const pinned = await pinOf(options.store, opened.served.name, name);
  const failure = opened.record.failures[name];
  const missing = failure?.message ?? (judged && 'missing' in judged ? judged.missing : plan ? undefined : noPlan(trust, judged));
  const verdict = plan?.bundle.body.verdict ?? (judged && 'verdict' in judged ? judged.verdict : undefined);
  return {
    ...{ name, file, change, rules },
    reasons: reasons.map(
      ({ kind, name: what, paths }) =>
        `${WORDS[kind]}${what === '' ? '' : ` ${what}`}${paths.length > 0 && kind !== 'runbook' ? ` (${paths.join(', ')})` : ''}`,
    ),
    ...(verdict ? { verdict } : {}),
    ...(judged && 'graph' in judged ? { graph: judged.graph } : {}),
    ...(plan
      ? { plan: { bundle: plan.bundle, ...(stale === undefined ? {} : { stale }), expected: await options.app.expected(nobody(options), plan.bundle) } }
      : {}),
    ...(missing === undefined || !isTouched(affected) ? {} : { missing }),
    ...(run ? { run: await runView(options, run) } : {}),
    ...(pinned
      ? {
          pin: `${pinned.run} was rolled back${pinned.revert ? `, and ${pinned.revert.url} takes the change back` : `: ${pinned.conflict ?? 'the change is to be taken back'}`}`,
        }
      : {}),
  };
}

async function runView(options: PullsOptions, { row, state, waits }: NonNullable<Assessed['run']>): Promise<NonNullable<RunbookView['run']>> {
  const analyses = await options.app.analyses(nobody(options), row.id).catch(noVerdict);
  return { id: row.id, state, ...urlOf(options, row.id), ...(waits === undefined ? {} : { waits }), analyses };
}

/** Most runs measure nothing, or have not measured yet. */
function noVerdict(cause: unknown): readonly [] {
  if (cause instanceof SlipwayError && cause.code === 'NO_VERDICT') return [];
  throw cause;
}

const WORDS = {
  runbook: 'its file',
  stack: 'stack',
  file: 'a file it takes',
  environment: 'environment',
  calendar: 'calendar',
  hosts: 'hosts',
  wave: 'wave',
  call: 'the called runbook',
  paths: 'paths it watches',
  policies: 'policies',
  access: 'access rules',
} as const;

function noPlan(trust: Trust, judged: ReturnType<Look['judged']['get']>): string | undefined {
  if (trust.mayExecute) return judged && 'note' in judged ? judged.note : undefined;
  return `not previewed: ${trust.why}`;
}

function notesOf({ opened, look, assessed, trust }: Known): readonly string[] {
  const changed = look.affected.flatMap(({ reasons }) => reasons.map(({ kind }) => kind));
  const hasGates = changed.some((kind) => ['policies', 'access', 'environment', 'calendar'].includes(kind));
  return [
    ...(opened.gates ? [] : [`the default branch has mistakes at ${opened.head.commit.slice(0, 12)}: nothing can be judged or planned before they are mended`]),
    ...(trust.mayExecute || look.affected.length === 0 ? [] : [`nothing of this change was executed: ${trust.why}`]),
    ...(isLeftBehind(opened, assessed) ? ['what was applied of it is still there; "slipway rollback" takes it back'] : []),
    ...(hasGates
      ? ['what this change says of policies, access, approvals and windows counts once it is merged; it is judged by those of the default branch']
      : []),
  ];
}

/** Closed without a merge, after it was applied: Git never gets what is there. */
function isLeftBehind({ pull }: OpenedPull, assessed: readonly Assessed[]): boolean {
  return pull.state === 'closed' && assessed.some(({ run }) => run !== undefined && run.state !== 'rolledBack');
}

async function locksOf({ store }: PullsOptions, { opened, assessed }: Known): Promise<PullView['locks']> {
  const { host, repo, number } = opened.ref;
  const ours = pullHolder(host, repo, number);
  const named = new Set(assessed.flatMap(({ rules }) => rules.filter(({ isMet }) => !isMet).map(({ rule }) => rule)));
  return (await store.locks.locks()).flatMap(({ lock, heldBy }) => {
    const name = lock.replace(/^change:/, '');
    if (!heldBy || name === lock || (heldBy.holder !== ours && !named.has(name))) return [];
    return [{ lock: name, holder: heldBy.holder, since: heldBy.since, isOurs: heldBy.holder === ours }];
  });
}

function commandsOf({ opened, assessed, trust }: Known): PullView['commands'] {
  if (opened.pull.state === 'closed' || assessed.length === 0) return [];
  const planned = assessed.filter(({ plan, stale }) => plan && stale === undefined);
  const ready = planned.filter(({ rules }) => rules.every(({ isMet }) => isMet));
  const live = assessed.filter(({ run }) => run && !isTerminal(run.state));
  const ended = assessed.filter(({ run }) => run && isTerminal(run.state) && run.state !== 'rolledBack');
  return [
    ...(trust.mayExecute
      ? []
      : [{ command: `slipway allow ${opened.record.head}`, does: 'lets Slipway execute exactly this head, to preview it; look at it first' }]),
    ...(trust.mayExecute ? [{ command: 'slipway plan', does: 'plans anew what is affected; with -r only one runbook' }] : []),
    ...(planned.length > 0 ? [{ command: 'slipway approve', does: 'approves these plans, and no others; "slipway reject" is against them' }] : []),
    ...(ready.length > 0 ? [{ command: `slipway apply -r ${ready[0]?.affected.runbook ?? ''}`, does: 'runs exactly the plan above' }] : []),
    ...(live.length > 0 ? [{ command: 'slipway cancel', does: 'stops what goes on' }] : []),
    ...(ended.length > 0 ? [{ command: `slipway rollback -r ${ended[0]?.affected.runbook ?? ''}`, does: 'undoes the last run' }] : []),
  ];
}

function statusesOf(options: PullsOptions, known: Known): readonly CommitStatus[] {
  const { look, assessed, isWorking } = known;
  const errors = look.problems.filter(({ severity }) => severity === 'error').length;
  const own = assessed.map((one) => runbookStatus(options, known, one));
  const worst =
    own.some(({ state }) => state === 'failure') || errors > 0 ? 'failure' : isWorking || own.some(({ state }) => state === 'pending') ? 'pending' : 'success';
  const count = (state: CommitStatus['state']) => own.filter((status) => status.state === state).length;
  const description =
    errors > 0
      ? `${errors} mistake${errors === 1 ? '' : 's'}`
      : own.length === 0
        ? 'no runbook is affected'
        : `${own.length} affected: ${count('success')} fine, ${count('failure')} not, ${count('pending')} open`;
  return [{ context: 'slipway', state: worst, description }, ...own.slice(0, MOST_STATUSES)];
}

function runbookStatus(options: PullsOptions, { opened, look, trust, isWorking }: Known, { affected, plan, stale, run, needs }: Assessed): CommitStatus {
  const context = `slipway: ${affected.runbook}`;
  const judged = look.judged.get(affected.runbook);
  const failure = opened.record.failures[affected.runbook];
  const say = (state: CommitStatus['state'], description: string, url?: string): CommitStatus => ({
    context,
    state,
    description,
    ...(url === undefined ? {} : { url }),
  });
  if (run) {
    const url = options.runUrl(run.row.id);
    if (!isTerminal(run.state)) return say('pending', `${run.row.id} is ${run.state}`, url);
    return say(run.state === 'succeeded' ? 'success' : 'failure', `${run.row.id}: ${run.state}`, url);
  }
  if (!isTouched(affected)) return say('success', affected.change === 'removed' ? 'removed' : 'does the same as before');
  if (failure) return say('failure', failure.message);
  if (!plan) {
    if (judged && 'missing' in judged) return say('failure', judged.missing);
    if (!judged) return say('failure', 'cannot be judged before mistakes are mended');
    if (judged.verdict.decision === 'deny') return say('failure', 'denied by policies');
    if (!trust.mayExecute) return say('pending', `not previewed: ${trust.why}`);
    return isWorking ? say('pending', 'is being planned') : say('pending', 'not planned; say "slipway plan"');
  }
  const { decision } = plan.bundle.body.verdict;
  if (decision !== 'allow') return say('failure', decision === 'deny' ? 'denied by policies' : 'needs an override');
  if (stale !== undefined) return say('pending', `the plan is stale: ${stale}`);
  return needs.when === 'beforeMerge' && opened.pull.state === 'open'
    ? say('pending', 'to be applied before it is merged')
    : say('success', 'planned and allowed');
}

function urlOf({ runUrl }: PullsOptions, runId: string): { readonly url?: string } {
  const url = runUrl(runId);
  return url === undefined ? {} : { url };
}

/** Reading history needs nobody's rights. */
function nobody({ session }: PullsOptions): Parameters<PullsOptions['app']['expected']>[0] {
  return {
    ...session,
    actor: 'system',
    teams: [],
    root: session.stateDir,
    masker: createMasker(),
    notice: () => undefined,
  };
}
