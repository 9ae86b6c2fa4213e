import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, Parsed, Secret } from '../core/index.ts';
import { hostSelector } from '../inventory/index.ts';
import { makeGraph, type PlanInputs, type PlanBody, type PlanBundle, type PlanGraph, policyInput, sealPlan } from '../plan/index.ts';
import { judge, type PolicySet } from '../policy/index.ts';
import type { LoadedRunbook } from '../runbook/index.ts';
import { kindOf } from '../steps/index.ts';
import { readInputs } from './inputs.ts';
import { type Estate, findRunbook, loadEstate } from './load.ts';
import { measuringOf, measuringProblems } from './measuring.ts';
import { refusePinned } from './pins.ts';
import { previewAll } from './previews.ts';
import type { PlanRequest, RehearsalOptions, Session } from './types.ts';
import type { Wiring, World } from './wiring.ts';

const DAY_MS = 86_400_000;
/** A plan is good for this many days after the day it was made. */
const GOOD_FOR_DAYS = 7;
export const JUDGE_DEADLINE_MS = 10_000;

/** A plan and what it was made with, for whoever wants to run it at once. */
export interface MadePlan {
  readonly bundle: PlanBundle;
  readonly estate: Estate;
  readonly secrets: { readonly [input: string]: Secret };
}
export interface PlanSurroundings {
  readonly estate: Estate;
  readonly policies: PolicySet;
  readonly world: World;
}

/** Repository, policies and the outside, opened for one plan. */
export async function withSurroundings<T>(
  {
    session,
    wiring,
    rehearsal,
    runId,
    commit,
  }: {
    readonly session: Session;
    readonly wiring: Wiring;
    readonly rehearsal?: { readonly id: string; readonly options: RehearsalOptions } | undefined;
    readonly runId: string;
    readonly commit?: string | undefined;
  },
  use: (around: PlanSurroundings) => Promise<Parsed<T>>,
): Promise<Parsed<T>> {
  const loaded = await loadEstate(session, wiring, commit);
  if (!loaded.ok) return loaded;
  const estate = loaded.value;
  const policies = await wiring.loadPolicies(policyDir(session, estate, wiring), session.signal);
  await using world = await wiring.openWorld({
    checkout: estate.checkout.root,
    inventory: estate.inventory,
    masker: session.masker,
    policies,
    signal: session.signal,
    notice: session.notice,
    runId,
    ...(rehearsal ? { rehearsal } : {}),
    ...(session.isGuarded === true ? { isGuarded: true } : {}),
  });
  return await use({ estate, policies, world });
}

/** A folder somebody trusts more than the change; else policies of the repository; those that ship with Slipway when it has none. */
export function policyDir({ gates }: Pick<Session, 'gates'>, { checkout }: Pick<Estate, 'checkout'>, wiring: Wiring): string {
  return gates?.policyDir ?? policyDirOf(checkout.root, wiring);
}

export function policyDirOf(root: string, wiring: Wiring): string {
  if (wiring.trustedPolicies !== undefined) return wiring.trustedPolicies;
  const own = join(root, 'policies');
  return existsSync(own) ? own : wiring.shippedPolicies;
}

/** Make the plan of one runbook: graph, previews, verdict, digest. Nothing outside is changed. */
export async function makeChangePlan(
  session: Session,
  request: PlanRequest,
  { estate, policies, world, wiring }: PlanSurroundings & { readonly wiring: Wiring },
): Promise<Parsed<MadePlan>> {
  const runbook = findRunbook(estate, request.runbook);
  if (!request.rehearsal) await refusePinned(await wiring.store(), session.repository, runbook.name);
  const drafted = await draftOf(session, request, { estate, policies, wiring });
  if (!drafted.ok) return drafted;
  const { body: draft, secrets } = drafted.value;
  const { graph, inputs } = draft;
  const { previews, stacks } = await previewAll({ graph, inputs, world, checkout: estate.checkout.root, signal: session.signal, notice: session.notice });
  const unjudged: PlanBody = { ...draft, previews, stacks };
  const verdict = await judgeBody(unjudged, { session, wiring, policies, estate });
  return { ok: true, value: { bundle: sealPlan({ ...unjudged, verdict }), estate, secrets }, problems: drafted.problems };
}

/** What can be said of a runbook without looking at anything outside: its graph, and what policies say of that. */
export async function judgeUnseen(
  session: Session,
  request: PlanRequest,
  around: Omit<PlanSurroundings, 'world'> & { readonly wiring: Wiring },
): Promise<Parsed<Pick<PlanBody, 'graph' | 'verdict'>>> {
  const drafted = await draftOf(session, request, around);
  if (!drafted.ok) return drafted;
  const { body } = drafted.value;
  const verdict = await judgeBody(body, { session, ...around });
  return { ok: true, value: { graph: body.graph, verdict }, problems: drafted.problems };
}

/** A plan before anybody has looked outside. */
async function draftOf(
  session: Session,
  request: PlanRequest,
  { estate, policies, wiring }: Omit<PlanSurroundings, 'world'> & { readonly wiring: Wiring },
): Promise<Parsed<{ readonly body: PlanBody; readonly secrets: MadePlan['secrets'] }>> {
  const runbook = findRunbook(estate, request.runbook);
  const ready = readInputs({ schemas: runbook.runbook.inputs ?? {}, given: request.inputs, preset: presetOf(runbook, request) });
  if ('problems' in ready) return { ok: false, problems: ready.problems };
  const made = graphOf(estate, runbook, { inputs: ready.inputs, now: wiring.clock.now() });
  if (!made.ok) return made;
  const measuring = await measuringOf(await wiring.journal(), { graph: made.value, inputs: ready.inputs, rehearsal: request.rehearsal !== undefined });
  const unreachable = measuringProblems(runbook, made.value, measuring);
  if (unreachable.length > 0) return { ok: false, problems: [...made.problems, ...unreachable] };
  const draft = await bodyOf({ session, estate, runbook, wiring, policies, graph: made.value, request });
  return { ok: true, value: { body: { ...draft, inputs: ready.inputs, previews: {}, stacks: {} }, secrets: ready.secrets }, problems: made.problems };
}

/** What policies say of a plan, now. */
export async function judgeBody(
  body: PlanBody,
  { session, wiring, policies, estate }: { readonly session: Session; readonly wiring: Wiring; readonly policies: PolicySet; readonly estate: Estate },
): Promise<PlanBody['verdict']> {
  const input = policyInput(body, {
    now: wiring.clock.now(),
    actor: { name: session.actor, teams: session.teams },
    authors: authorsOf(estate),
  });
  const add = estate.repository.runbooks.get(body.runbook.name)?.runbook.policies ?? [];
  return judge(policies, input, { deadlineMs: JUDGE_DEADLINE_MS, signal: session.signal, add });
}

export function authorsOf({ checkout }: Estate): readonly string[] {
  return checkout.people.map(({ email }) => `user:${email}`);
}

/** The graph of a runbook for these inputs. */
export function graphOf(
  { repository, inventory }: Pick<Estate, 'repository' | 'inventory'>,
  runbook: LoadedRunbook,
  { inputs, now }: { readonly inputs: PlanInputs; readonly now: number },
): Parsed<PlanGraph> {
  const { environments, calendars, runbooks } = repository;
  return makeGraph({ runbook, inputs, select: hostSelector(inventory), environments, calendars, runbooks, kindOf, now: startOfDay(now) });
}

async function bodyOf({
  estate,
  runbook,
  wiring,
  policies,
  graph,
  request,
}: {
  readonly session: Session;
  readonly estate: Estate;
  readonly runbook: LoadedRunbook;
  readonly wiring: Wiring;
  readonly policies: PolicySet;
  readonly graph: PlanGraph;
  readonly request: PlanRequest;
}): Promise<Omit<PlanBody, 'inputs' | 'previews' | 'stacks'>> {
  const { commit, base, dirty, digest } = estate.checkout;
  const { cost } = runbook.runbook;
  return {
    runbook: { name: runbook.name, file: runbook.file, digest: runbook.digest },
    commit: { head: commit, dirty, tree: digest, ...(base === undefined ? {} : { base }) },
    graph,
    policies: { digest: policies.digest, names: policies.packages },
    inventory: estate.digests.inventory,
    environments: estate.digests.environments,
    tools: await wiring.tools(),
    rehearsal: request.rehearsal !== undefined,
    expires: new Date(startOfDay(wiring.clock.now()) + (GOOD_FOR_DAYS + 1) * DAY_MS).toISOString(),
    verdict: { decision: 'deny', findings: [] },
    ...(cost === undefined ? {} : { cost: JSON.parse(JSON.stringify(cost)) as NonNullable<PlanBody['cost']> }),
  };
}

/** Whole days only, so that planning twice on one day gives the same bytes. */
function startOfDay(now: number): number {
  return Math.floor(now / DAY_MS) * DAY_MS;
}

function presetOf({ runbook }: LoadedRunbook, { rehearsal }: PlanRequest): { readonly [name: string]: Json } {
  return rehearsal ? (runbook.rehearsal?.inputs ?? {}) : {};
}
