import type { Hono } from 'hono';
import { html } from 'hono/html';
import { type GivenInputs, objectOf } from '../../app/index.ts';
import { randomText, SlipwayError } from '../../core/index.ts';
import { findLoaded, visibleRunbooks } from '../api/estate.ts';
import { refuseWhileDraining } from '../api/start.ts';
import type { ServerDeps } from '../deps.ts';
import { guard, maySee } from '../guard.ts';
import type { Caller, Ctx, Env } from '../http/env.ts';
import { errorSummary, type FieldError, inputFields, inputsIn } from './fields.ts';
import { type Html, sendPage } from './layout.ts';
import type { Pages } from './pages.ts';

type Runbook = ReturnType<typeof findLoaded>;

/** Runbooks, and the form that asks for a run or a plan of one. */
export function addRunbookPages(app: Hono<Env>, deps: ServerDeps, pages: Pages): void {
  app.get(
    '/runbooks',
    pages.page(async (c, caller) => listPage(c, deps, caller)),
  );
  app.get(
    '/runbooks/:repository/:runbook',
    pages.page(async (c, caller) => formPage(c, deps, { caller, ...(await loaded(c, deps, caller)), values: {}, errors: [] })),
  );
  app.post(
    '/runbooks/:repository/:runbook',
    pages.form(async (c, caller, form) => ask(c, deps, { caller, form })),
  );
}

async function listPage(c: Ctx, deps: ServerDeps, caller: Caller): Promise<Response> {
  const heads = await Promise.all(deps.heads.names.map((name) => deps.heads.recent(name)));
  const lists = await Promise.all(
    heads.map(async (head) => (await visibleRunbooks(deps, caller, head)).map((runbook) => ({ repository: head.repository, runbook }))),
  );
  const rows = lists.flat().map(
    ({ repository, runbook: { name, runbook } }) =>
      html`<tr>
        <th scope="row"><a href="/runbooks/${repository}/${name}">${name}</a></th>
        <td>${repository}</td>
        <td>${runbook.metadata.owner ?? ''}</td>
        <td>${runbook.metadata.description ?? ''}</td>
      </tr>`,
  );
  const content = html`<h1>Runbooks</h1>
    ${
      rows.length === 0
        ? html`<p>There are no runbooks that you may see.</p>`
        : html`<table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Repository</th>
                <th scope="col">Owner</th>
                <th scope="col">What it does</th>
              </tr>
            </thead>
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }`;
  return sendPage(c, { title: 'Runbooks', caller, at: '/runbooks', content });
}

interface Loaded {
  readonly repository: string;
  readonly commit: string;
  readonly runbook: Runbook;
}

async function loaded(c: Ctx, deps: ServerDeps, caller: Caller): Promise<Loaded> {
  const head = await deps.heads.recent(c.req.param('repository') ?? '');
  const runbook = findLoaded(head, c.req.param('runbook') ?? '');
  await guard(deps, caller, { action: 'runbook.read', repository: head.repository, object: objectOf(head, runbook.name) });
  return { repository: head.repository, commit: head.commit, runbook };
}

interface FormState extends Loaded {
  readonly caller: Caller;
  readonly values: { readonly [name: string]: string };
  readonly errors: readonly FieldError[];
}

async function formPage(c: Ctx, deps: ServerDeps, { caller, repository, commit, runbook, values, errors }: FormState): Promise<Response> {
  const object = objectOf(await deps.heads.recent(repository), runbook.name);
  const may = async (action: 'run.start' | 'plan.create'): Promise<boolean> => maySee(deps, caller, { action, repository, object });
  const [mayRun, mayPlan] = [await may('run.start'), await may('plan.create')];
  const { metadata, phases, inputs = {} } = runbook.runbook;
  const content = html`<h1>${runbook.name}</h1>
    ${metadata.description === undefined ? '' : html`<p>${metadata.description}</p>`} ${errorSummary(errors)}
    <dl>
      <dt>Owner</dt>
      <dd>${metadata.owner ?? 'nobody'}</dd>
      <dt>Repository</dt>
      <dd>${repository} at <code>${commit.slice(0, 12)}</code></dd>
      <dt>Phases</dt>
      <dd>${phases.map(({ id, environment }) => (environment === undefined ? id : `${id} (${environment})`)).join(', ')}</dd>
    </dl>
    ${mayRun || mayPlan ? form({ caller, values, errors, inputs, mayRun, mayPlan }) : html`<p class="notice">You may look at this runbook, and neither plan nor run it.</p>`}`;
  return sendPage(c, { title: runbook.name, caller, at: '/runbooks', content, status: errors.length === 0 ? 200 : 422 });
}

interface FormParts extends Pick<FormState, 'caller' | 'values' | 'errors'> {
  readonly inputs: NonNullable<Runbook['runbook']['inputs']>;
  readonly mayRun: boolean;
  readonly mayPlan: boolean;
}

/** The key makes a form that is sent twice one run. */
function form({ caller, values, errors, inputs, mayRun, mayPlan }: FormParts): Html {
  return html`<form method="post" novalidate>
    <input type="hidden" name="csrf" value="${caller.csrf ?? ''}" />
    <input type="hidden" name="key" value="${randomText(20)}" />
    ${inputFields(inputs, { values, errors })} ${mayPlan ? html`<button name="do" value="plan">Show the plan</button>` : ''}
    ${mayRun ? html`<button name="do" value="run">Run</button>` : ''}
  </form>`;
}

async function ask(c: Ctx, deps: ServerDeps, { caller, form: sent }: { readonly caller: Caller; readonly form: URLSearchParams }): Promise<Response> {
  refuseWhileDraining(deps);
  const at = await loaded(c, deps, caller);
  const schemas = at.runbook.runbook.inputs ?? {};
  const values = inputsIn(sent, schemas);
  const kind = sent.get('do') === 'plan' ? 'plan' : 'run';
  const key = /^[0-9a-z]{20}$/.test(sent.get('key') ?? '') ? { key: { scope: `portal ${kind} ${caller.identity.id}`, key: sent.get('key') ?? '' } } : {};
  const inputs: GivenInputs = values;
  const asked = { identity: caller.identity, repository: at.repository, runbook: at.runbook.name, inputs, isTyped: false, cause: 'portal', ...key };
  try {
    const { order } = await (kind === 'plan' ? deps.desk.orderPlan(asked) : deps.desk.orderRun(asked));
    return c.redirect(`/${kind === 'plan' ? 'plans' : 'runs'}/${order.id}`, 303);
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code !== 'INVALID') throw cause;
    const errors = cause.problems.map(({ path, message }) => ({ name: path.replace(/^inputs\./, ''), message }));
    return formPage(c, deps, { caller, ...at, values, errors });
  }
}
