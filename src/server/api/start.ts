import { z } from 'zod';
import type { Ordered } from '../../app/index.ts';
import { EXIT, SlipwayError } from '../../core/index.ts';
import type { ServerDeps } from '../deps.ts';
import { guard, repositoryOf } from '../guard.ts';
import type { Caller, Ctx } from '../http/env.ts';
import type { Reply } from '../http/reply.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { asJson, iso, recordOf } from './runs.ts';
import { Accepted, Digest, Inputs, Name, PlanDetail, PlanId } from './shapes.ts';

const KEY = { 'Idempotency-Key': 'Asking again with the same key changes nothing: 1 to 255 visible characters' };
const NewRun = z.union([
  z.strictObject({ runbook: Name, repository: Name.optional(), inputs: Inputs.default({}) }).meta({ title: 'a runbook, planned for this run' }),
  z.strictObject({ plan: PlanId }).meta({ title: 'exactly a plan that was made here' }),
]);

/** Asking for plans and runs: what is acknowledged is durable, and done later. */
export function startRoutes(deps: ServerDeps): readonly Route[] {
  return [startRun(deps), makePlan(deps), getPlan(deps), getBundle(deps), findPlan(deps)];
}

function startRun(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'post', path: '/v1/runs', id: 'startRun', tag: 'runs', open: 'callers', headers: KEY },
    summary: 'Run a runbook as it is on the default branch: plan, judge by policies, run exactly that',
    body: NewRun,
    success: { status: 202, about: 'taken, and durable', schema: Accepted },
    problems: [404, 409, 415, 422],
    handle: async ({ c, body, caller }) => {
      refuseWhileDraining(deps);
      const asked = { identity: caller.identity, cause: 'api', ...keyOf(c, caller, 'run') };
      if ('plan' in body) return accepted(await deps.desk.orderRunOf({ ...asked, plan: await planOrder(deps, body.plan) }));
      const { runbook, inputs } = body;
      return accepted(await deps.desk.orderRun({ ...asked, repository: repositoryOf(deps, body.repository), runbook, inputs, isTyped: true }));
    },
  });
}

function makePlan(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'post', path: '/v1/plans', id: 'makePlan', tag: 'plans', open: 'callers', headers: KEY },
    summary: 'Plan a runbook as it is on the default branch; nothing outside is changed',
    body: z.strictObject({ runbook: Name, repository: Name.optional(), inputs: Inputs.default({}) }),
    success: { status: 202, about: 'taken, and durable', schema: Accepted },
    problems: [404, 415, 422],
    handle: async ({ c, body, caller }) => {
      refuseWhileDraining(deps);
      const { runbook, inputs } = body;
      const asked = { identity: caller.identity, cause: 'api', ...keyOf(c, caller, 'plan') };
      return accepted(await deps.desk.orderPlan({ ...asked, repository: repositoryOf(deps, body.repository), runbook, inputs, isTyped: true }));
    },
  });
}

function getPlan(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/plans/{plan}', id: 'getPlan', tag: 'plans', open: 'callers' },
    summary: 'How a plan stands: being made, ready with its digest and verdict, or refused',
    params: z.strictObject({ plan: PlanId }),
    success: { status: 200, about: 'the plan', schema: PlanDetail },
    problems: [404],
    handle: async ({ params, caller }) => {
      const order = await planOrder(deps, params.plan);
      await guardPlan(deps, caller, order);
      const state = order.state === 'done' ? 'ready' : order.state === 'accepted' ? 'queued' : order.state;
      return {
        status: 200,
        body: recordOf({
          ...{ id: order.id, repository: order.repository, runbook: order.runbook, state, by: order.who.id },
          ...{ requestedAt: iso(order.receivedAt), waitsFor: order.reason, refusal: order.refusal, url: `/v1/plans/${order.id}` },
          ...order.made,
        }),
      };
    },
  });
}

function getBundle(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/plans/{plan}/bundle', id: 'getPlanBundle', tag: 'plans', open: 'callers' },
    summary: 'The plan whole, as "slipway plan --out" writes it',
    params: z.strictObject({ plan: PlanId }),
    success: { status: 200, about: 'the bundle', schema: z.looseObject({ digest: z.string(), body: z.record(z.string(), z.json()) }) },
    problems: [404, 409],
    handle: async ({ params, caller }) => {
      const order = await planOrder(deps, params.plan);
      await guardPlan(deps, caller, order);
      if (order.made) return { status: 200, body: asJson(await deps.bundle(order.made.digest)) };
      throw new SlipwayError('PLAN_NOT_READY', `the plan ${order.id} is ${order.state}`, {
        exitCode: EXIT.locked,
        hint: `look again: GET /v1/plans/${order.id}`,
      });
    },
  });
}

/** For whoever has only the file of a plan: the newest order that made it. */
function findPlan(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/plans', id: 'findPlan', tag: 'plans', open: 'callers' },
    summary: 'Find a plan that was made here by its digest',
    query: z.strictObject({ digest: Digest }),
    success: { status: 200, about: 'where it is', schema: z.strictObject({ id: PlanId, url: z.string() }) },
    problems: [404],
    handle: async ({ query, caller }) => {
      const id = await deps.planWith(query.digest);
      const order = id === undefined ? undefined : await deps.desk.order(id);
      if (!order)
        throw new SlipwayError('PLAN_NOT_FOUND', `no plan with the digest ${query.digest} was made here`, {
          exitCode: EXIT.notFound,
          hint: 'plan again on this server',
        });
      await guardPlan(deps, caller, order);
      return { status: 200, body: { id: order.id, url: `/v1/plans/${order.id}` } };
    },
  });
}

type PlanOrder = NonNullable<Awaited<ReturnType<ServerDeps['desk']['order']>>>;

/** An order of a plan. @throws {SlipwayError} `PLAN_NOT_FOUND`. */
export async function planOrder({ desk }: ServerDeps, id: string): Promise<PlanOrder> {
  const order = await desk.order(id);
  if (order?.kind === 'plan') return order;
  throw new SlipwayError('PLAN_NOT_FOUND', `there is no plan "${id}"`, { exitCode: EXIT.notFound });
}

/** @throws {SlipwayError} `NOT_AUTHORIZED`. */
export async function guardPlan(deps: ServerDeps, caller: Caller, { repository, runbook, environments }: PlanOrder): Promise<void> {
  await guard(deps, caller, { action: 'plan.read', repository, object: { kind: 'runbook', runbook, environments } });
}

function accepted({ order, fresh }: Ordered): Reply {
  const url = order.kind === 'run' ? `/v1/runs/${order.id}` : `/v1/plans/${order.id}`;
  const state = order.state === 'accepted' ? 'queued' : order.state;
  return { status: 202, body: { id: order.id, url, state, repeated: !fresh }, headers: { location: url } };
}

/** @throws {SlipwayError} `DRAINING`. */
export function refuseWhileDraining({ drain }: Pick<ServerDeps, 'drain'>): void {
  if (drain.aborted)
    throw new SlipwayError('DRAINING', 'this server is about to go and takes nothing new', { hint: 'try again; another process will take it' });
}

/** Keys of different callers have nothing to do with each other. @throws {SlipwayError} `BAD_KEY`. */
function keyOf(c: Ctx, { identity }: Caller, kind: string): { readonly key?: { readonly scope: string; readonly key: string } } {
  const key = c.req.header('idempotency-key');
  if (key === undefined) return {};
  if (/^[\x21-\x7E]{1,255}$/.test(key)) return { key: { scope: `${kind} ${identity.id}`, key } };
  throw new SlipwayError('BAD_KEY', 'the Idempotency-Key is empty, too long, or has spaces', { exitCode: EXIT.usage, hint: KEY['Idempotency-Key'] });
}
