import type { Hono } from 'hono';
import { html } from 'hono/html';
import { EXIT, SlipwayError } from '../../core/index.ts';
import { planText } from '../../report/index.ts';
import { guardPlan, planOrder, refuseWhileDraining } from '../api/start.ts';
import type { ServerDeps } from '../deps.ts';
import { maySee } from '../guard.ts';
import type { Env } from '../http/env.ts';
import { actionForm, type Html, sendPage, stateMark, timeMark } from './layout.ts';
import type { Pages } from './pages.ts';

/** A plan: being made, or whole with its verdict and a button that runs exactly it. */
export function addPlanPages(app: Hono<Env>, deps: ServerDeps, pages: Pages): void {
  app.get(
    '/plans/:plan',
    pages.page(async (c, caller) => {
      const order = await orderAt(deps, c.req.param('plan') ?? '');
      await guardPlan(deps, caller, order);
      const { repository, runbook, environments, made } = order;
      const mayRun = await maySee(deps, caller, { action: 'run.start', repository, object: { kind: 'runbook', runbook, environments } });
      const run = made?.decision === 'allow' && mayRun ? actionForm(caller, { action: `/plans/${order.id}/run`, label: 'Run exactly this plan' }) : html``;
      const content = html`<h1>Plan of ${runbook}</h1>
        <dl>
          <dt>State</dt>
          <dd>${made ? stateMark('ready') : stateMark(order.state === 'accepted' ? 'being made' : order.state)}</dd>
          <dt>Asked</dt>
          <dd>${timeMark(order.receivedAt)} by ${order.who.id}</dd>
          ${
            made
              ? html`<dt>Policies</dt>
                  <dd>${stateMark(made.decision)}</dd>
                  <dt>Digest</dt>
                  <dd><code>${made.digest}</code></dd>`
              : ''
          }
          ${
            order.reason === undefined
              ? ''
              : html`<dt>Waits for</dt>
                  <dd>${order.reason}</dd>`
          }
        </dl>
        ${refusalOf(order.refusal)}
        ${
          made
            ? html`<h2>What it would do</h2>
                <pre tabindex="0" aria-label="Plan">${planText(await deps.bundle(made.digest), { now: deps.clock.now() })}</pre>`
            : ''
        }
        ${run} ${order.state === 'accepted' || order.state === 'waiting' ? html`<p><a href="/plans/${order.id}">Look again</a></p>` : ''}`;
      return sendPage(c, { title: `Plan of ${runbook}`, caller, at: '/runbooks', content });
    }),
  );
  app.post(
    '/plans/:plan/run',
    pages.form(async (c, caller) => {
      refuseWhileDraining(deps);
      const plan = await orderAt(deps, c.req.param('plan') ?? '');
      await guardPlan(deps, caller, plan);
      const { order } = await deps.desk.orderRunOf({
        identity: caller.identity,
        cause: 'portal',
        plan,
        key: { scope: `portal plan ${caller.identity.id}`, key: plan.id },
      });
      return c.redirect(`/runs/${order.id}`, 303);
    }),
  );
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
