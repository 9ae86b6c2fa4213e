import { z } from 'zod';
import { createMasker, type Digest, EXIT, type Json, messageOf, type Secret, SlipwayError } from '../../core/index.ts';
import { type PlanBundle, verifyPlan } from '../../plan/index.ts';
import { teamsOf } from '../../access/index.ts';
import type { App, ApplyOptions, RunHandle, Session } from '../types.ts';
import { environmentsOf, estateOf, type Head } from './heads.ts';
import type { DeskOptions } from './desk.ts';
import type { Keeper } from './keeper.ts';
import type { Log } from './log.ts';
import { identityOf, type Order, readOrder, type Refusal, settleOrder } from './order.ts';
import type { Outcome, QueueHandler } from './worker.ts';

export interface CarryOutOptions extends Pick<DeskOptions, 'store' | 'journal' | 'heads' | 'gate' | 'clock'> {
  readonly app: App;
  readonly keeper: Keeper;
  readonly log: Log;
  readonly session: Omit<Session, 'masker' | 'notice' | 'actor' | 'teams' | 'root'>;
  /** Most runs that this process drives at once. */
  readonly mostRuns: number;
}

const BUNDLES = 'bundles';
/** Where a plan is kept whole: it may be larger than a document. */
const Kept = z.object({ evidence: z.custom<Digest>((value) => typeof value === 'string'), order: z.string() });
const SOON_MS = 2_000;
const LATER_MS = 15_000;
/** What ends by itself: the same order will do then. */
const PASSING_SOON = new Set(['ALREADY_RUNNING', 'LOCKED', 'REPO_LOCKED', 'STORE_CONFLICT']);
const PASSING_LATER = new Set(['GIT_FAILED', 'JOURNAL_FULL', 'JOURNAL_IO', 'REPOSITORY_INVALID']);

/** Carries out orders of runs: plan, judge, run exactly that. Looks first: a run that is recorded already only has to be driven. */
export function runsHandler(options: CarryOutOptions): QueueHandler {
  return handlerOf(options, async (order, signal) => {
    const { journal, keeper, store, clock } = options;
    if (await (await journal()).run(order.id)) {
      await keeper.takeUp(order.id);
      await settleOrder(store, order.id, { state: 'done' });
      return { done: 'driven' };
    }
    if (keeper.running.length >= options.mostRuns)
      return later(options, order, { atMs: clock.now() + SOON_MS, reason: `${options.mostRuns} runs go on here already` });
    const { head, session } = await judged(options, order, { action: 'run.start', signal });
    const secrets = await unseal(options, order);
    const handle = await start(
      options,
      { session, order, secrets },
      {
        ...{ overrides: [], secrets, runId: order.id },
        labels: { server: true, repository: order.repository, cause: order.cause, environments: order.environments, commit: head.commit },
        ...(order.requestedBy === undefined ? {} : { requestedBy: order.requestedBy }),
      },
    );
    keeper.hold(handle);
    await settleOrder(store, order.id, { state: 'done' });
    return { done: 'started' };
  });
}

interface Starting {
  readonly session: Session;
  readonly order: Order;
  readonly secrets: { readonly [input: string]: Secret };
}

/** Run exactly the plan that was asked for; or make one and run it, and should the outside move in between, make another one a little later. */
async function start(options: CarryOutOptions, starting: Starting, how: ApplyOptions): Promise<RunHandle> {
  const { session, order } = starting;
  if (order.planDigest !== undefined) return options.app.apply(session, await readBundle(options, order.planDigest), how);
  const bundle = await plan(options, starting);
  try {
    return await options.app.apply(session, bundle, how);
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code !== 'STALE_PLAN') throw cause;
    throw new SlipwayError('PLAN_MOVED', cause.message, { retry: 'afterBackoff', cause });
  }
}

/** Carries out orders of plans: the plan is kept whole, to be shown, and to be run exactly. */
export function plansHandler(options: CarryOutOptions): QueueHandler {
  return handlerOf(options, async (order, signal) => {
    const { store } = options;
    const { session } = await judged(options, order, { action: 'plan.create', signal });
    const bundle = await plan(options, { session, order, secrets: await unseal(options, order) });
    const evidence = await (await options.journal()).putEvidence(order.id, Buffer.from(JSON.stringify(bundle)));
    await store.documents.put(BUNDLES, bundle.digest, { evidence, order: order.id });
    await settleOrder(store, order.id, { state: 'done', made: { digest: bundle.digest, decision: bundle.body.verdict.decision } });
    return { done: bundle.digest };
  });
}

/** A plan that was made here. @throws {SlipwayError} `PLAN_NOT_FOUND`, `PLAN_TAMPERED`. */
export async function readBundle({ store, journal }: Pick<CarryOutOptions, 'store' | 'journal'>, digest: string): Promise<PlanBundle> {
  const found = await store.documents.get(BUNDLES, digest);
  const bytes = found && (await (await journal()).evidence(Kept.parse(found.value).evidence));
  if (bytes) return verifyPlan(JSON.parse(Buffer.from(bytes).toString('utf8')));
  throw new SlipwayError('PLAN_NOT_FOUND', `no plan with the digest ${digest} was made here`, { exitCode: EXIT.notFound, hint: 'plan again on this server' });
}

/** Id of the newest order that made this plan. */
export async function planWith({ store }: Pick<CarryOutOptions, 'store'>, digest: string): Promise<string | undefined> {
  const found = await store.documents.get(BUNDLES, digest);
  return found && Kept.parse(found.value).order;
}

function handlerOf(options: CarryOutOptions, act: (order: Order, signal: AbortSignal) => Promise<Outcome>): QueueHandler {
  const { store, log } = options;
  return {
    lanes: 2,
    handle: async ({ payload }, signal) => {
      const id = idIn(payload);
      const order = await readOrder(store, id);
      if (!order || order.state === 'done' || order.state === 'refused') return { done: 'nothing to do' };
      try {
        return await act(order, signal);
      } catch (cause) {
        if (!(cause instanceof SlipwayError) || signal.aborted) throw cause;
        const waitMs = waitFor(cause);
        if (waitMs !== undefined) return later(options, order, { atMs: options.clock.now() + waitMs, reason: cause.message });
        log.warn({ order: id, code: cause.code, reason: cause.message }, 'an order was refused');
        await settleOrder(store, id, { state: 'refused', refusal: refusalOf(cause) });
        return { done: cause.code };
      }
    },
    gaveUp: async ({ payload }, reason) => {
      const id = idIn(payload);
      log.error({ order: id, reason }, 'an order failed too often');
      await settleOrder(store, id, { state: 'refused', refusal: { code: 'GAVE_UP', message: 'it failed again and again; the log of the server says why' } });
    },
  };
}

/** How long to wait before the same is tried again; undefined when that would not help. A plan that was asked for as it is stays stale. */
function waitFor({ code, retry }: SlipwayError): number | undefined {
  if (PASSING_SOON.has(code)) return SOON_MS;
  return PASSING_LATER.has(code) || retry === 'afterBackoff' ? LATER_MS : undefined;
}

function idIn(payload: Json): string {
  return z.object({ id: z.string() }).parse(payload).id;
}

async function later({ store }: CarryOutOptions, { id }: Order, { atMs, reason }: { readonly atMs: number; readonly reason: string }): Promise<Outcome> {
  await settleOrder(store, id, { state: 'waiting', reason });
  return { waitUntil: atMs, reason };
}

/** The newest head, and who asked, judged again: what was allowed when it was ordered may not be any more. */
async function judged(
  options: CarryOutOptions,
  order: Order,
  { action, signal }: { readonly action: 'run.start' | 'plan.create'; readonly signal: AbortSignal },
): Promise<{ readonly head: Head; readonly session: Session }> {
  const { heads, gate, log } = options;
  const head = await heads.fetched(order.repository);
  const identity = identityOf(order);
  const now = estateOf(head).repository.runbooks.get(order.runbook);
  const environments = now ? environmentsOf(now.runbook.phases) : order.environments;
  await gate.authorize(head.judges, { identity, action, object: { kind: 'runbook', runbook: order.runbook, environments } }, signal);
  const session: Session = {
    ...options.session,
    ...{ root: head.root, commit: head.commit, actor: identity.id, teams: teamsOf(head.judges.rules, identity) },
    masker: createMasker(),
    notice: (line) => log.info({ runId: order.id }, line),
  };
  return { head, session };
}

/** @throws {SlipwayError} `INVALID` with `problems`, `POLICY_DENIED`. */
async function plan({ app }: CarryOutOptions, { session, order, secrets }: Starting): Promise<PlanBundle> {
  const made = await app.plan(session, { runbook: order.runbook, inputs: { ...order.inputs, ...secrets } });
  if (made.ok) return made.value;
  throw new SlipwayError('INVALID', made.problems.map(({ message }) => message).join('; '), { exitCode: EXIT.usage, problems: made.problems });
}

async function unseal({ journal }: CarryOutOptions, { secrets }: Order): Promise<{ readonly [input: string]: Secret }> {
  const entries = Object.entries(secrets);
  if (entries.length === 0) return {};
  const vault = await journal();
  return Object.fromEntries(await Promise.all(entries.map(async ([name, reference]) => [name, await vault.unseal(reference)] as const)));
}

function refusalOf(cause: SlipwayError): Refusal {
  const problems = cause.problems.map(({ path, code, message, hint }) => ({ path, code, message, ...(hint === undefined ? {} : { hint }) }));
  return {
    code: cause.code,
    message: messageOf(cause),
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    ...(problems.length === 0 ? {} : { problems }),
  };
}
