import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject, Parsed, Problem, Secret } from '../core/index.ts';
import { makeGraph, type PlanBody, type PlanBundle, type PlanGraph, policyInput, sealPlan } from '../plan/index.ts';
import { judge, type PolicySet } from '../policy/index.ts';
import type { LoadedRunbook } from '../runbook/index.ts';
import { kindOf } from '../steps/index.ts';
import { type GivenInputs, readInputs } from './inputs.ts';
import { type Estate, findRunbook, loadEstate } from './load.ts';
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
  }: {
    readonly session: Session;
    readonly wiring: Wiring;
    readonly rehearsal?: { readonly id: string; readonly options: RehearsalOptions } | undefined;
    readonly runId: string;
  },
  use: (around: PlanSurroundings) => Promise<Parsed<T>>,
): Promise<Parsed<T>> {
  const loaded = await loadEstate(session, wiring);
  if (!loaded.ok) return loaded;
  const estate = loaded.value;
  const policies = await wiring.loadPolicies(policyDir(estate, wiring), session.signal);
  await using world = await wiring.openWorld({
    checkout: estate.checkout.root,
    inventory: estate.inventory,
    masker: session.masker,
    policies,
    signal: session.signal,
    notice: session.notice,
    runId,
    ...(rehearsal ? { rehearsal } : {}),
  });
  return use({ estate, policies, world });
}

/** Policies of the repository; those that ship with Slipway when it has none. */
export function policyDir({ checkout }: Pick<Estate, 'checkout'>, wiring: Wiring): string {
  const own = join(checkout.root, 'policies');
  return existsSync(own) ? own : wiring.shippedPolicies;
}

/** Make the plan of one runbook: graph, previews, verdict, digest. Nothing outside is changed. */
export async function makeChangePlan(
  session: Session,
  request: PlanRequest,
  { estate, policies, world, wiring }: PlanSurroundings & { readonly wiring: Wiring },
): Promise<Parsed<MadePlan>> {
  const runbook = findRunbook(estate, request.runbook);
  const ready = readInputs({ schemas: runbook.runbook.inputs ?? {}, given: request.inputs, preset: presetOf(runbook, request) });
  if ('problems' in ready) return { ok: false, problems: ready.problems };
  const made = graphOf(estate, runbook, {
    inputs: ready.inputs.values,
    secrets: ready.inputs.secrets,
    now: wiring.clock.now(),
    rehearsal: request.rehearsal !== undefined,
  });
  if (!made.ok) return made;
  const { previews, stacks } = await previewAll({
    graph: made.value,
    inputs: ready.inputs,
    world,
    checkout: estate.checkout.root,
    signal: session.signal,
    notice: session.notice,
  });
  const draft = await bodyOf({ session, estate, runbook, wiring, policies, graph: made.value, request });
  const unjudged: PlanBody = { ...draft, inputs: ready.inputs, previews, stacks };
  const verdict = await judgeBody(unjudged, { session, wiring, policies, estate });
  return { ok: true, value: { bundle: sealPlan({ ...unjudged, verdict }), estate, secrets: ready.secrets }, problems: made.problems };
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
    environments: [...estate.repository.environments.values()].map(({ environment }) => environment),
  });
  return judge(policies, input, { deadlineMs: JUDGE_DEADLINE_MS, signal: session.signal });
}

export function authorsOf({ checkout }: Estate): readonly string[] {
  return checkout.people.map(({ email }) => `user:${email}`);
}

interface GraphOptions {
  readonly inputs: JsonObject;
  readonly secrets: readonly string[];
  readonly now: number;
  readonly rehearsal: boolean;
}

/** The graph of a runbook; a rehearsal does not wait for change windows (docs/decisions/0006). */
export function graphOf(estate: Estate, runbook: LoadedRunbook, options: GraphOptions): Parsed<PlanGraph> {
  const { repository, inventory } = estate;
  const made = makeGraph({
    runbook,
    inputs: options.inputs,
    secrets: options.secrets,
    inventory,
    environments: repository.environments,
    calendars: repository.calendars,
    runbooks: repository.runbooks,
    kindOf,
    now: startOfDay(options.now),
  });
  return made;
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
  const { commit, base, dirty } = estate.checkout;
  const { cost } = runbook.runbook;
  return {
    runbook: { name: runbook.name, file: runbook.file, digest: runbook.digest },
    commit: { head: commit, dirty, ...(base === undefined ? {} : { base }) },
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

export type { GivenInputs, Problem };
