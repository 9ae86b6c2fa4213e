import type { Hono } from 'hono';
import { html } from 'hono/html';
import { EXIT, SlipwayError } from '../../core/index.ts';
import { planText } from '../../report/index.ts';
import { guardPlan, planOrder, refuseWhileDraining } from '../api/start.ts';
import type { ServerDeps } from '../deps.ts';
import { maySee } from '../guard.ts';
import type { Order } from '../../app/index.ts';
import type { Caller, Ctx, Env } from '../http/env.ts';
import { actionForm, fact, type Html, sendPage, stateMark, timeMark } from './layout.ts';
import type { Pages } from './pages.ts';

/** A plan: being made, or whole with its verdict and a button that runs exactly it. */
export function addPlanPages(app: Hono<Env>, deps: ServerDeps, pages: Pages): void {
  app.get(
    '/plans/:plan',
    pages.page(async (c, caller) => showPlan(c, deps, caller)),
  );
  app.post(
    '/plans/:plan/run',
    pages.form(async (c, caller) => runPlan(c, deps, caller)),
  );
}

async function showPlan(c: Ctx, deps: ServerDeps, caller: Caller): Promise<Response> {
  const order = await orderAt(deps, c.req.param('plan') ?? '');
  await guardPlan(deps, caller, order);
  const { repository, runbook, environments, made } = order;
  const mayRun = await maySee(deps, caller, { action: 'run.start', repository, object: { kind: 'runbook', runbook, environments } });
  const isOpen = order.state === 'accepted' || order.state === 'waiting';
  const content = html`<h1>Plan of ${runbook}</h1>
    ${about(order)} ${refusalOf(order.refusal)} ${made ? await whole(deps, made.digest) : ''}
    ${made?.decision === 'allow' && mayRun ? actionForm(caller, { action: `/plans/${order.id}/run`, label: 'Run exactly this plan' }) : ''}
    ${isOpen ? html`<p><a href="/plans/${order.id}">Look again</a></p>` : ''}`;
  return sendPage(c, { title: `Plan of ${runbook}`, caller, at: '/runbooks', content });
}

function about({ state, receivedAt, who, made, reason }: Order): Html {
  const verdict = made ? [fact('Policies', stateMark(made.decision)), fact('Digest', html`<code>${made.digest}</code>`)] : [];
  return html`<dl>
    ${fact('State', stateMark(made ? 'ready' : state === 'accepted' ? 'being made' : state))} ${fact('Asked', html`${timeMark(receivedAt)} by ${who.id}`)}
    ${verdict} ${reason === undefined ? '' : fact('Waits for', html`${reason}`)}
  </dl>`;
}

async function whole(deps: ServerDeps, digest: string): Promise<Html> {
  return html`<h2>What it would do</h2>
    <pre tabindex="0" aria-label="Plan">${planText(await deps.bundle(digest), { now: deps.clock.now() })}</pre>`;
}

async function runPlan(c: Ctx, deps: ServerDeps, caller: Caller): Promise<Response> {
  refuseWhileDraining(deps);
  const plan = await orderAt(deps, c.req.param('plan') ?? '');
  await guardPlan(deps, caller, plan);
  const key = { scope: `portal plan ${caller.identity.id}`, key: plan.id };
  const { order } = await deps.desk.orderRunOf({ identity: caller.identity, cause: 'portal', plan, key });
  return c.redirect(`/runs/${order.id}`, 303);
}

/** What was asked cannot be done, and why. */
export function refusalOf(refusal: { readonly code: string; readonly message: string; readonly hint?: string | undefined } | undefined): Html {
  if (!refusal) return html``;
  const { code, message, hint } = refusal;
  return html`<div class="alert" role="alert">
    <p>${message} (${code})</p>
    ${hint === undefined ? '' : html`<p>${hint}</p>`}
  </div>`;
}

/** @throws {SlipwayError} `PLAN_NOT_FOUND`. */
async function orderAt(deps: ServerDeps, id: string): ReturnType<typeof planOrder> {
  if (/^plan-[0-9]{8}-[0-9a-z]{10}$/.test(id)) return planOrder(deps, id);
  throw new SlipwayError('PLAN_NOT_FOUND', 'there is no such plan', { exitCode: EXIT.notFound });
}
