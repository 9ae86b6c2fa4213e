import { z } from 'zod';
import type { Order } from '../../app/index.ts';
import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import { runJson } from '../../report/index.ts';
import type { ServerDeps } from '../deps.ts';
import { findRun, guard, maySee, readingSession, type RunTarget, targetOf } from '../guard.ts';
import { cursorOf, placeOf } from '../http/cursor.ts';
import type { Caller } from '../http/env.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { LogLineShape, Name, pageOf, PageQuery, RunDetail, RunId, RunSummary, TaskPath } from './shapes.ts';

type Row = Awaited<ReturnType<ServerDeps['app']['runs']>>[number];
const Place = z.strictObject({ createdAt: z.number(), order: z.number() });
/** Rows looked at for one page: most of them may be hidden from whoever asks. */
const MOST_LOOKED_AT = 2_000;
const ROWS = 200;

/** Reading runs. */
export function runRoutes(deps: ServerDeps): readonly Route[] {
  return [listRuns(deps), getRun(deps), getLogs(deps), verifyRun(deps)];
}

function listRuns(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/runs', id: 'listRuns', tag: 'runs', open: 'callers' },
    summary: 'Runs, newest first; only those the caller may read',
    query: z.strictObject({
      ...PageQuery,
      runbook: Name.optional(),
      state: z.union([z.string().max(40), z.array(z.string().max(40)).max(20)]).optional(),
    }),
    success: { status: 200, about: 'a page of runs', schema: pageOf(RunSummary) },
    handle: async ({ query: { runbook, state, ...page }, caller }) => {
      const found = await visibleRuns(deps, caller, { ...page, runbook, states: state === undefined ? undefined : [state].flat() });
      return { status: 200, body: recordOf(found) };
    },
  });
}

export interface RunsWanted {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly runbook?: string | undefined;
  readonly states?: readonly string[] | undefined;
}

/** A page of the runs that the caller may read. */
export async function visibleRuns(
  deps: ServerDeps,
  caller: Caller,
  { limit, cursor, runbook, states }: RunsWanted,
): Promise<{ readonly items: readonly RunSummary[]; readonly next?: string }> {
  const items: RunSummary[] = [];
  let before = placeOf(cursor, Place);
  for (let looked = 0; looked < MOST_LOOKED_AT;) {
    const wanted = { limit: ROWS, ...(runbook === undefined ? {} : { runbook }), ...(states ? { states } : {}), ...(before ? { before } : {}) };
    const rows = await deps.app.runs(readingSession(deps), wanted);
    for (const row of rows) {
      looked++;
      before = { createdAt: row.createdAt, order: row.order };
      if (await maySee(deps, caller, { action: 'run.read', ...targetOf({ row }) })) items.push(summaryOf(row));
      if (items.length === limit) return { items, next: cursorOf(before) };
    }
    if (rows.length < ROWS) return { items };
  }
  return { items, ...(before ? { next: cursorOf(before) } : {}) };
}

function getRun(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/runs/{run}', id: 'getRun', tag: 'runs', open: 'callers' },
    summary: 'One run with everything reports say of it; also one that is only ordered, or was refused',
    params: z.strictObject({ run: RunId }),
    success: { status: 200, about: 'the run', schema: RunDetail },
    problems: [404],
    handle: async ({ params, caller }) => {
      const target = await findRun(deps, params.run);
      await guard(deps, caller, { action: 'run.read', ...target });
      return { status: 200, body: detailOf(deps, target) };
    },
  });
}

function getLogs(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/runs/{run}/logs', id: 'getLogs', tag: 'runs', open: 'callers' },
    summary: 'Output of steps, oldest first',
    params: z.strictObject({ run: RunId }),
    query: z.strictObject({
      path: TaskPath.optional(),
      host: z.string().max(253).optional(),
      after: z.coerce.number().int().min(0).default(0).meta({ description: 'id of the last line that is known' }),
      limit: z.coerce.number().int().min(1).max(1_000).default(500),
    }),
    success: { status: 200, about: 'lines', schema: z.strictObject({ items: z.array(LogLineShape) }) },
    problems: [404],
    handle: async ({ params, query, caller }) => {
      await guard(deps, caller, { action: 'log.read', ...(await findRun(deps, params.run)) });
      const { path, host, after: afterId, limit } = query;
      const wanted = { afterId, limit, ...(path === undefined ? {} : { path }), ...(host === undefined ? {} : { host }) };
      return { status: 200, body: { items: asJson(await deps.app.logs(readingSession(deps), params.run, wanted)) } };
    },
  });
}

function verifyRun(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/runs/{run}/verification', id: 'verifyRun', tag: 'runs', open: 'callers' },
    summary: 'Recompute the hash chain of a run',
    params: z.strictObject({ run: RunId }),
    success: { status: 200, about: 'whether it holds', schema: z.strictObject({ ok: z.boolean(), text: z.string() }) },
    problems: [404],
    handle: async ({ params, caller }) => {
      await guard(deps, caller, { action: 'run.read', ...(await findRun(deps, params.run)) });
      return { status: 200, body: asJson(await deps.app.verifyJournal(readingSession(deps), params.run)) };
    },
  });
}

/** A run in a list. */
export function summaryOf(row: Row): RunSummary {
  const { repository, cause } = row.labels;
  return {
    ...{ id: row.id, runbook: row.runbook, state: row.state, rehearsal: row.rehearsal, planDigest: row.planDigest, order: row.order, lastSeq: row.lastSeq },
    ...{ createdAt: iso(row.createdAt), updatedAt: iso(row.updatedAt), url: `/v1/runs/${row.id}` },
    ...(typeof repository === 'string' ? { repository } : {}),
    ...(typeof cause === 'string' ? { cause } : {}),
  };
}

/** A run whole. */
export function detailOf({ settings: { publicUrl } }: Pick<ServerDeps, 'settings'>, { runId, repository, object, facts, order }: RunTarget): JsonObject {
  const self = `/v1/runs/${runId}`;
  const report = facts && runJson(facts);
  const by = facts ? textOf(report?.['actor']) : (order?.who.id ?? '');
  return recordOf({
    ...{ id: runId, runbook: object.runbook, environments: object.environments, by },
    state: report ? textOf(report['state']) : pendingState(order),
    requestedAt: iso(order?.receivedAt ?? facts?.row.createdAt ?? 0),
    ...{ repository, cause: order?.cause, report, row: facts?.row },
    ...(facts ? {} : { waitsFor: order?.reason, refusal: order?.refusal }),
    links: { self, events: `${self}/events`, logs: `${self}/logs`, page: `${publicUrl}/runs/${runId}` },
  });
}

/** How something stands that is only ordered. */
export function pendingState(order: Order | undefined): 'queued' | 'refused' {
  return order?.state === 'refused' ? 'refused' : 'queued';
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** Leave out what is undefined: an answer is JSON. */
export function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json; // what JSON.parse gives is JSON
}

export function recordOf(value: object): JsonObject {
  const json = asJson(value);
  return isObject(json) ? json : {};
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
