import type { Hono } from 'hono';
import { html } from 'hono/html';
import { visibleRuns } from '../api/runs.ts';
import type { RunSummary } from '../api/shapes.ts';
import type { ServerDeps } from '../deps.ts';
import { findRun, guard } from '../guard.ts';
import type { Env } from '../http/env.ts';
import { runContent } from './run.ts';
import { type Html, sendPage, stateMark, timeMark } from './layout.ts';
import type { Pages } from './pages.ts';
import { createPictures } from './verdict.ts';

const PAGE = 50;

/** The list of runs, and the page of one, which follows it while it goes on. */
export function addRunPages(app: Hono<Env>, deps: ServerDeps, pages: Pages): void {
  app.get(
    '/runs',
    pages.page(async (c, caller) => {
      const state = c.req.query('state')?.slice(0, 40);
      const cursor = c.req.query('cursor')?.slice(0, 500);
      const { items, next } = await visibleRuns(deps, caller, { limit: PAGE, cursor, states: state === undefined || state === '' ? undefined : [state] });
      const more =
        next === undefined
          ? html``
          : html`<p><a href="/runs?${new URLSearchParams({ cursor: next, ...(state === undefined ? {} : { state }) }).toString()}">Older runs</a></p>`;
      const content = html`<h1>Runs</h1>
        ${filters(state)} ${items.length === 0 ? html`<p>There are no runs to show.</p>` : table(items)} ${more}`;
      return sendPage(c, { title: 'Runs', caller, at: '/runs', content });
    }),
  );
  const pictures = createPictures(deps);
  app.get(
    '/runs/:run/verdict.svg',
    pages.page(async (c, caller) => {
      const target = await findRun(deps, c.req.param('run') ?? '');
      await guard(deps, caller, { action: 'run.read', ...target });
      return c.body(await pictures(target, c.req.query('step') ?? ''), 200, { 'content-type': 'image/svg+xml' });
    }),
  );
  app.get(
    '/runs/:run',
    pages.page(async (c, caller) => {
      const target = await findRun(deps, c.req.param('run') ?? '');
      await guard(deps, caller, { action: 'run.read', ...target });
      return sendPage(c, {
        title: `${target.object.runbook} ${target.runId}`,
        caller,
        at: '/runs',
        script: true,
        content: await runContent(deps, caller, target),
      });
    }),
  );
}

function filters(state: string | undefined): Html {
  const choices = ['running', 'waiting', 'attention', 'paused', 'failed', 'rolledBack', 'succeeded'];
  return html`<form method="get" action="/runs">
    <label for="state">State</label>
    <select id="state" name="state">
      <option value="">all</option>
      ${choices.map((choice) => html`<option value="${choice}" ${choice === state ? html`selected` : ''}>${choice}</option>`)}
    </select>
    <button>Show</button>
  </form>`;
}

function table(items: readonly RunSummary[]): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Run</th>
        <th scope="col">Runbook</th>
        <th scope="col">State</th>
        <th scope="col">Began</th>
        <th scope="col">Why</th>
      </tr>
    </thead>
    <tbody>
      ${items.map(
        ({ id, runbook, state, createdAt, cause, rehearsal }) =>
          html`<tr>
            <th scope="row"><a href="/runs/${id}">${id}</a></th>
            <td>${runbook}${rehearsal ? ' (rehearsal)' : ''}</td>
            <td>${stateMark(state)}</td>
            <td>${timeMark(createdAt)}</td>
            <td>${cause ?? ''}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
