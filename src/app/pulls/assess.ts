import type { AccessObject } from '../../access/index.ts';
import { type EventBody, isTerminal, RUN_STATES, type RunState, stateOf } from '../../engine/index.ts';
import type { RunRow } from '../../journal/index.ts';
import type { PlanGraph } from '../../plan/index.ts';
import type { RuleView } from '../../report/index.ts';
import { environmentsOf } from '../serve/heads.ts';
import { type Affected, isTouched } from './affected/index.ts';
import type { Look, Looks } from './look.ts';
import type { OpenedPull } from './opened.ts';
import type { Speaker } from './people.ts';
import { readPlan, type ReadPlan, staleWords } from './plans.ts';
import { evaluateRules } from './rules/evaluate.ts';
import { type Needs, needsOf } from './rules/needs.ts';
import { ownedFiles } from './rules/owners.ts';
import { takePoll } from './rules/votes.ts';
import { undosOf } from '../steer.ts';
import type { PullRecord } from './record.ts';
import type { PullsOptions } from './types.ts';

/** How one affected runbook stands. */
export interface Assessed {
  readonly affected: Affected;
  readonly needs: Needs;
  readonly plan: ReadPlan | undefined;
  readonly stale: string | undefined;
  readonly rules: readonly RuleView[];
  /** Its newest run of this pull request. */
  readonly run: LiveRun | undefined;
}
export interface LiveRun {
  readonly row: RunRow;
  readonly state: RunState;
  /** What it waits for. */
  readonly waits: string | undefined;
}
type RunbookObject = Extract<AccessObject, { kind: 'runbook' }>;

/** Judge affected runbooks, or some of them, by everything that has to be so before they are applied. */
export async function assess(
  options: PullsOptions,
  looks: Looks,
  { opened, look, only, applier }: { readonly opened: OpenedPull; readonly look: Look; readonly only?: readonly string[]; readonly applier?: Speaker },
): Promise<readonly Assessed[]> {
  const wanted = look.affected.filter(({ runbook }) => only === undefined || only.includes(runbook));
  const needs = new Map(wanted.map(({ runbook }) => [runbook, needsFor(options, { opened, look }, runbook)]));
  const names = wanted.filter(isTouched).map(({ runbook }) => runbook);
  const reviews = [...needs.values()].some((each) => each.reviews);
  const poll = await takePoll({ options, opened, objectOf: (runbook) => objectFor(opened, look, runbook) }, { runbooks: names, reviews });
  const owned = [...needs.values()].some(({ codeOwners }) => codeOwners) ? await ownedFiles(opened) : undefined;
  const runs = await runsOf(options, opened.record);
  const assessed: Assessed[] = [];
  for (const affected of wanted) {
    const { runbook } = affected;
    const own = needs.get(runbook) ?? needsFor(options, { opened, look }, runbook);
    const plan = await readPlan(options, opened, runbook);
    const stale = plan && (await staleWords(options, look, plan));
    const rules = !isTouched(affected)
      ? []
      : await evaluateRules({ options, looks, opened, runbook, needs: own, plan, stale, poll, owned: own.codeOwners ? owned : undefined, applier });
    // What ran for an earlier head says nothing about this one, unless it still goes on.
    const last = runs.find((row) => row.runbook === runbook && (row.commit === opened.target.commit || !isTerminal(row.state)));
    assessed.push({ affected, needs: own, plan, stale, rules, run: last && (await liveRun(options, last)) });
  }
  return assessed.toSorted((a, b) => Number(isTouched(b.affected)) - Number(isTouched(a.affected)));
}

/** Every environment that a change of a runbook reaches: as it is on the default branch, as the change makes it, and of what it calls. */
export function environmentsFor({ head }: OpenedPull, look: Look, runbook: string): readonly string[] {
  const before = head.estate.ok ? head.estate.value.repository.runbooks.get(runbook) : undefined;
  const after = look.estate?.repository.runbooks.get(runbook);
  const judged = look.judged.get(runbook);
  const graph = judged && 'graph' in judged ? environmentsIn(judged.graph) : [];
  return [...new Set([...graph, ...[before, after].flatMap((each) => (each ? environmentsOf(each.runbook.phases) : []))])].sort();
}

function environmentsIn({ phases, calls }: PlanGraph): readonly string[] {
  return [...phases.flatMap(({ environment }) => environment ?? []), ...Object.values(calls).flatMap(environmentsIn)];
}

/** What access rules judge, for a runbook of a change. */
export function objectFor(opened: OpenedPull, look: Look, runbook: string): RunbookObject {
  return { kind: 'runbook', runbook, environments: environmentsFor(opened, look, runbook) };
}

function needsFor({ settings }: PullsOptions, { opened, look }: { readonly opened: OpenedPull; readonly look: Look }, runbook: string): Needs {
  return needsOf(environmentsFor(opened, look, runbook), opened.gates?.environments ?? new Map(), settings.apply ?? {});
}

/** A run, and the commit that it runs or undoes. */
export type PullRunRow = RunRow & { readonly commit: string };

/** Runs that belong to a pull request, the newest first; also those that somebody started elsewhere to undo one. */
export async function runsOf({ wiring }: PullsOptions, { runs }: PullRecord): Promise<readonly PullRunRow[]> {
  const journal = await wiring.journal();
  const found: PullRunRow[] = [];
  for (const { id, commit } of runs) {
    const row = await journal.run(id);
    if (row) found.push(...[row, ...(await undosOf(journal, id))].map((each) => ({ ...each, commit })));
  }
  return found.toSorted((a, b) => b.order - a.order);
}

/** How a run stands, and what it waits for. */
export async function liveRun({ wiring }: PullsOptions, row: RunRow): Promise<LiveRun> {
  const state = RUN_STATES.find((each) => each === row.state) ?? 'queued';
  if (isTerminal(state)) return { row, state, waits: undefined };
  const events = await (await wiring.journal()).read(row.id);
  const gates = [...stateOf(events).tasks.values()].filter((task) => task.state === 'waiting' && task.wait?.type === 'gate');
  const waits = [...queueWords(events.map(({ body }) => body)), ...gates.map(({ path }) => `a decision at ${path}`)];
  return { row, state, waits: waits.length === 0 ? undefined : waits.join(', ') };
}

/** What others have that a run cannot act without; it is told until the run goes on. */
function queueWords(events: readonly EventBody[]): readonly string[] {
  const last = events.findLast(({ type }) => type !== 'leaseTaken' && type !== 'lateResultRejected');
  if (last?.type !== 'runQueued') return [];
  const { group, behind = [], lock } = last;
  const since = lock?.heldBy ? ` since ${new Date(lock.heldBy.since).toISOString().slice(0, 16).replace('T', ' ')}Z` : '';
  return [behind.length === 0 ? group : `${group}, held by ${behind.join(', ')}${since}`];
}
