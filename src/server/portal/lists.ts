import type { Hono } from 'hono';
import { html } from 'hono/html';
import { reportOf } from '../../report/index.ts';
import { visibleRuns } from '../api/runs.ts';
import type { ServerDeps } from '../deps.ts';
import { findRun, guard, maySee } from '../guard.ts';
import type { Caller, Ctx, Env } from '../http/env.ts';
import { type Html, sendPage, timeMark } from './layout.ts';
import type { Pages } from './pages.ts';
import { gateForms, waitingGates } from './run.ts';

const MOST_WAITING = 100;
const ENTRIES = 100;

/** What waits for people, and what the server decided. */
export function addListPages(app: Hono<Env>, deps: ServerDeps, pages: Pages): void {
  app.get(
    '/approvals',
    pages.page(async (c, caller) => showApprovals(c, deps, caller)),
  );
  app.get(
    '/audit',
    pages.page(async (c, caller) => showAudit(c, deps, caller)),
  );
}

async function showApprovals(c: Ctx, deps: ServerDeps, caller: Caller): Promise<Response> {
  const { items } = await visibleRuns(deps, caller, { limit: MOST_WAITING, states: ['waiting'] });
  const waiting = (await Promise.all(items.map(({ id }) => waitingIn(deps, caller, id)))).flat();
  const content = html`<h1>Approvals</h1>
    ${waiting.length === 0 ? html`<p>Nothing that you may see waits for approval.</p>` : waiting}`;
  return sendPage(c, { title: 'Approvals', caller, at: '/approvals', content });
}

async function showAudit(c: Ctx, deps: ServerDeps, caller: Caller): Promise<Response> {
  await guard(deps, caller, { action: 'audit.read', object: { kind: 'server' } });
  const before = /^\d{1,15}$/.exec(c.req.query('before') ?? '')?.[0];
  const entries = await deps.store.audit.read({ limit: ENTRIES, ...(before === undefined ? {} : { beforeSeq: Number(before) }) });
  const [oldest] = entries;
  const columns = ['Number', 'When', 'Who', 'What', 'On what', 'Details'];
  const content = html`<h1>Audit</h1>
    <table>
      <thead>
        <tr>
          ${columns.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${entries.toReversed().map(auditRow)}
      </tbody>
    </table>
    ${entries.length === ENTRIES && oldest ? html`<p><a href="/audit?before=${oldest.seq}">Older entries</a></p>` : ''}`;
  return sendPage(c, { title: 'Audit', caller, at: '/audit', content });
}

function auditRow({ seq, at, actor, action, object, details }: Awaited<ReturnType<ServerDeps['store']['audit']['read']>>[number]): Html {
  return html`<tr>
    <th scope="row">${seq}</th>
    <td>${timeMark(at)}</td>
    <td>${actor}</td>
    <td>${action}</td>
    <td>${object}</td>
    <td>${JSON.stringify(details)}</td>
  </tr>`;
}

async function waitingIn(deps: ServerDeps, caller: Caller, runId: string): Promise<readonly Html[]> {
  const target = await findRun(deps, runId);
  if (!target.facts) return [];
  const mayVote = await maySee(deps, caller, { action: 'run.vote', ...target });
  return waitingGates(reportOf(target.facts)).map(
    (task) =>
      html`<h2><a href="/runs/${runId}">${target.object.runbook} ${runId}</a></h2>
        ${gateForms(caller, runId, task, mayVote)}`,
  );
}
