import type { Hono } from 'hono';
import { html } from 'hono/html';
import { reportOf } from '../../report/index.ts';
import { visibleRuns } from '../api/runs.ts';
import type { ServerDeps } from '../deps.ts';
import { findRun, guard, maySee } from '../guard.ts';
import type { Caller, Env } from '../http/env.ts';
import { type Html, sendPage, timeMark } from './layout.ts';
import type { Pages } from './pages.ts';
import { gateForms, waitingGates } from './run.ts';

const MOST_WAITING = 100;
const ENTRIES = 100;

/** What waits for people, and what the server decided. */
export function addListPages(app: Hono<Env>, deps: ServerDeps, pages: Pages): void {
  app.get(
    '/approvals',
    pages.page(async (c, caller) => {
      const { items } = await visibleRuns(deps, caller, { limit: MOST_WAITING, states: ['waiting'] });
      const waiting = (await Promise.all(items.map(({ id }) => waitingIn(deps, caller, id)))).flat();
      const content = html`<h1>Approvals</h1>
        ${waiting.length === 0 ? html`<p>Nothing that you may see waits for approval.</p>` : waiting}`;
      return sendPage(c, { title: 'Approvals', caller, at: '/approvals', content });
    }),
  );
  app.get(
    '/audit',
    pages.page(async (c, caller) => {
      await guard(deps, caller, { action: 'audit.read', object: { kind: 'server' } });
      const before = Number(/^\d{1,15}$/.exec(c.req.query('before') ?? '')?.[0] ?? Number.NaN);
      const entries = await deps.store.audit.read({ limit: ENTRIES, ...(Number.isNaN(before) ? {} : { beforeSeq: before }) });
      const [oldest] = entries;
      const content = html`<h1>Audit</h1>
        <table>
          <thead>
            <tr>
              <th scope="col">Number</th>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">On what</th>
              <th scope="col">Details</th>
            </tr>
          </thead>
          <tbody>
            ${entries.toReversed().map(
              ({ seq, at, actor, action, object, details }) =>
                html`<tr>
                  <th scope="row">${seq}</th>
                  <td>${timeMark(at)}</td>
                  <td>${actor}</td>
                  <td>${action}</td>
                  <td>${object}</td>
                  <td>${JSON.stringify(details)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
        ${entries.length === ENTRIES && oldest ? html`<p><a href="/audit?before=${oldest.seq}">Older entries</a></p>` : ''}`;
      return sendPage(c, { title: 'Audit', caller, at: '/audit', content });
    }),
  );
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
