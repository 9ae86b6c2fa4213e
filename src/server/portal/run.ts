import { html } from 'hono/html';
import type { RunFacts } from '../../app/index.ts';
import { formatDuration } from '../../core/index.ts';
import { boardWords, reportOf, type RunReport, runWords, type TaskReport } from '../../report/index.ts';
import { pendingState } from '../api/runs.ts';
import type { ServerDeps } from '../deps.ts';
import { maySee, type RunTarget } from '../guard.ts';
import type { Caller } from '../http/env.ts';
import { actionForm, type Html, stateMark, timeMark } from './layout.ts';
import { refusalOf } from './plans.ts';
import { verdicts } from './verdict.ts';

/** Events after which the page is shown again. */
const EVENTS = [
  ...['order', 'runQueued', 'runStarted', 'phaseStarted', 'phaseFinished', 'stepStarted', 'stepFinished', 'stepSkipped', 'stepWaiting', 'stepRetryScheduled'],
  ...['hostFinished', 'gateClosed', 'voteCast', 'attentionRaised', 'taskResolved', 'pauseRequested', 'resumeRequested', 'cancelRequested', 'rollbackRequested'],
  ...['stepInDoubt', 'stepExpanded', 'signalReceived', 'runFinished'],
].join(' ');

/** Everything about one run. The part that lives is in one element, which a script may replace by its newer self. */
export async function runContent(deps: ServerDeps, caller: Caller, target: RunTarget): Promise<Html> {
  const { runId, object, facts, order } = target;
  const report = facts && reportOf(facts);
  const state = report?.state ?? pendingState(order);
  const isOver = report?.finishedAt !== undefined || state === 'refused';
  const inner = facts && report ? await recorded(deps, caller, { target, facts, report }) : pending(target);
  return html`<h1>${object.runbook}</h1>
    <div
      id="live"
      data-run="${runId}"
      data-seq="${facts?.events.at(-1)?.seq ?? 0}"
      data-state="${object.runbook} ${report ? runWords(report.state) : state}"
      data-over="${isOver ? 'true' : 'false'}"
      data-events="${EVENTS}"
    >
      ${inner}
    </div>
    ${
      isOver
        ? ''
        : html`<noscript
            ><p><a href="/runs/${runId}">Look again</a></p></noscript
          >`
    }`;
}

function pending({ runId, order }: RunTarget): Html {
  return html`<dl>
      <dt>Run</dt>
      <dd>${runId}</dd>
      <dt>State</dt>
      <dd>${stateMark(pendingState(order))}</dd>
      ${
        order
          ? html`<dt>Asked</dt>
              <dd>${timeMark(order.receivedAt)} by ${order.who.id}, ${order.cause}</dd>`
          : ''
      }
      ${
        order?.reason === undefined
          ? ''
          : html`<dt>Waits for</dt>
              <dd>${order.reason}</dd>`
      }
    </dl>
    ${refusalOf(order?.refusal)}`;
}

interface Shown {
  readonly target: RunTarget;
  readonly facts: RunFacts;
  readonly report: RunReport;
}

async function recorded(deps: ServerDeps, caller: Caller, shown: Shown): Promise<Html> {
  const { target, report } = shown;
  const now = report.finishedAt ?? deps.clock.now();
  return html`<dl>
      <dt>Run</dt>
      <dd>${report.runId}${report.rehearsal ? ' (rehearsal)' : ''}</dd>
      <dt>State</dt>
      <dd>${stateMark(report.state)}${report.reason === undefined ? '' : `: ${report.reason}`}</dd>
      <dt>Began</dt>
      <dd>${timeMark(report.createdAt)} by ${report.actor}${target.order ? `, ${target.order.cause}` : ''}</dd>
      <dt>Took</dt>
      <dd>${formatDuration(now - report.createdAt)}</dd>
      <dt>Plan</dt>
      <dd><code>${report.planDigest ?? 'unknown'}</code></dd>
    </dl>
    ${await attention(deps, caller, shown)} ${await gates(deps, caller, shown)} ${await actions(deps, caller, shown)} ${phases(report, now)}
    ${steps(report, now)} ${verdicts(report)} ${votes(report)}`;
}

/** What needs a person, and how to settle it. */
async function attention(deps: ServerDeps, caller: Caller, { target, report }: Shown): Promise<Html> {
  if (report.attention.length === 0) return html``;
  const mayResolve = await maySee(deps, caller, { action: 'run.resolve', ...target });
  const action = `/runs/${report.runId}/resolve`;
  const choices = { retry: 'Try again', done: 'Take it as done', failed: 'Take it as failed' };
  const forms = (path: string): readonly Html[] =>
    mayResolve && path.includes('/') ? Object.entries(choices).map(([as, label]) => actionForm(caller, { action, label, fields: { path, as } })) : [];
  return html`${report.attention.map(
    ({ path, reason, hint }) =>
      html`<div class="alert" role="alert">
        <p>${path} needs a person: ${reason}</p>
        <p>${hint}</p>
        ${forms(path)}
      </div>`,
  )}`;
}

async function gates(deps: ServerDeps, caller: Caller, { target, report }: Shown): Promise<Html> {
  const waiting = waitingGates(report);
  if (waiting.length === 0) return html``;
  const mayVote = await maySee(deps, caller, { action: 'run.vote', ...target });
  return html`<h2>Waits for approval</h2>
    ${waiting.map((task) => gateForms(caller, report.runId, task, mayVote))}`;
}

/** Steps that wait for votes. */
export function waitingGates({ tasks }: RunReport): readonly TaskReport[] {
  return tasks.filter(({ state, wait }) => state === 'waiting' && wait?.type === 'gate');
}

/** What a gate asks for, and how to answer. */
export function gateForms(caller: Caller, runId: string, { path, wait }: TaskReport, mayVote: boolean): Html {
  if (wait?.type !== 'gate') return html``;
  const { approvers, required, message } = wait.gate;
  const action = `/runs/${runId}/votes`;
  return html`<section aria-label="Approval of ${path}" class="notice">
    <p>${path} asks for ${required} of ${approvers.join(', ')}${message === '' ? '' : `: ${message}`}</p>
    ${
      mayVote
        ? html`${actionForm(caller, { action, label: 'Approve', fields: { path, decision: 'approve' } })}
          ${actionForm(caller, { action, label: 'Reject', fields: { path, decision: 'reject' }, reason: 'Why not' })}`
        : ''
    }
  </section>`;
}

async function actions(deps: ServerDeps, caller: Caller, { target, report }: Shown): Promise<Html> {
  const isOver = report.finishedAt !== undefined;
  const may = async (verb: 'pause' | 'resume' | 'cancel' | 'rollback'): Promise<boolean> => maySee(deps, caller, { action: `run.${verb}`, ...target });
  const form = (verb: string, label: string, reason?: string): Html =>
    actionForm(caller, { action: `/runs/${report.runId}/${verb}`, label, ...(reason === undefined ? {} : { reason }) });
  const forms = [
    !isOver && report.state !== 'paused' && (await may('pause')) ? form('pause', 'Pause') : undefined,
    report.state === 'paused' && (await may('resume')) ? form('resume', 'Go on') : undefined,
    !isOver && (await may('cancel')) ? form('cancel', 'Cancel') : undefined,
    report.state !== 'rolledBack' && report.rollback === undefined && (await may('rollback'))
      ? form('rollback', 'Roll back', 'Why it is rolled back')
      : undefined,
  ].filter((each) => each !== undefined);
  return forms.length === 0
    ? html``
    : html`<h2>Steer</h2>
        ${forms}`;
}

function phases({ phases: all, tasks }: RunReport, now: number): Html {
  return html`<h2>Phases</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Phase</th>
          <th scope="col">State</th>
          <th scope="col">Time</th>
          <th scope="col">Steps begun</th>
        </tr>
      </thead>
      <tbody>
        ${all.map(
          ({ id, state, startedAt, finishedAt }) =>
            html`<tr>
              <th scope="row">${id}</th>
              <td>${stateMark(state)}</td>
              <td>${startedAt === undefined ? '' : formatDuration((finishedAt ?? now) - startedAt)}</td>
              <td>${tasks.filter(({ node }) => node?.phase === id).length}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

/** Failures first: that is what people come for. */
const FIRST = ['failed', 'timedOut', 'inDoubt', 'retrying', 'running', 'compensating', 'waiting'];

function steps({ tasks }: RunReport, now: number): Html {
  if (tasks.length === 0) return html``;
  const rank = ({ state }: TaskReport): number => (FIRST.includes(state) ? FIRST.indexOf(state) : FIRST.length);
  const sorted = tasks.toSorted((a, b) => rank(a) - rank(b));
  return html`<h2>Steps</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">State</th>
          <th scope="col">Hosts</th>
          <th scope="col">Time</th>
          <th scope="col">What it says</th>
        </tr>
      </thead>
      <tbody>
        ${sorted.map((task) => step(task, now))}
      </tbody>
    </table>`;
}

function step({ path, state, hosts, summary, reason, error, startedAt, finishedAt }: TaskReport, now: number): Html {
  const said = error
    ? html`<span class="bad">${error.code}: ${error.message}</span>${error.hint === undefined ? '' : html` (${error.hint})`}`
    : (summary ?? reason ?? '');
  return html`<tr>
    <th scope="row">${path}</th>
    <td>${stateMark(state)}</td>
    <td>${boardWords(hosts, finishedAt !== undefined)}</td>
    <td>${startedAt === undefined ? '' : formatDuration((finishedAt ?? now) - startedAt)}</td>
    <td>${said}</td>
  </tr>`;
}

function votes({ votes: cast }: RunReport): Html {
  if (cast.length === 0) return html``;
  return html`<h2>Votes</h2>
    <ul>
      ${cast.map(({ voter, decision, path, at, reason }) => html`<li>${voter} ${decision === 'approve' ? 'approved' : 'rejected'} ${path}, ${timeMark(at)}${reason === undefined ? '' : `: ${reason}`}</li>`)}
    </ul>`;
}
