import { z } from 'zod';
import type { App, RunHandle, Session } from '../../app/index.ts';
import type { AccessAction } from '../../runbook/index.ts';
import type { ServerDeps } from '../deps.ts';
import { findRun, guard, sessionFor } from '../guard.ts';
import type { Caller } from '../http/env.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { Reason, RunId, TaskPath } from './shapes.ts';

const params = z.strictObject({ run: RunId });
const Asked = z.strictObject({ runId: RunId, asked: z.string(), path: z.string().optional() });
const OnlyReason = z.strictObject({ reason: Reason.optional() });

/** Requests of people to a run; each becomes an event in its journal. */
export function steerRoutes(deps: ServerDeps): readonly Route[] {
  return [vote(deps), ask(deps, 'cancel'), ask(deps, 'pause'), resume(deps), rollback(deps), resolve(deps), signal(deps)];
}

interface Verb {
  readonly verb: string;
  readonly action: AccessAction;
  readonly summary: string;
}

function base({ verb, summary }: Verb) {
  return {
    method: 'post',
    path: `/v1/runs/{run}/${verb}`,
    id: `${verb}Run`,
    tag: 'runs',
    open: 'callers',
    params,
    summary,
    success: { status: 202, about: 'recorded in the journal of the run', schema: Asked },
    problems: [404, 409, 415],
  } as const;
}

/** Everything that is the same for all of them: may the caller, do it, and see to it that somebody drives the run on. */
export async function steerRun(
  deps: ServerDeps,
  { caller, runId, action }: { readonly caller: Caller; readonly runId: string; readonly action: AccessAction },
  act: (app: App, session: Session) => Promise<RunHandle | undefined | void>,
): Promise<void> {
  const target = await findRun(deps, runId);
  const head = await guard(deps, caller, { action, ...target });
  const handle = await act(deps.app, sessionFor(deps, caller, head, { runId }));
  if (handle) deps.keeper.hold(handle);
  else await deps.keeper.takeUp(runId);
}

function vote(deps: ServerDeps): Route {
  return defineRoute({
    ...base({ verb: 'votes', action: 'run.vote', summary: 'Vote for or against a step that waits for approval' }),
    id: 'voteOnRun',
    body: z.strictObject({ decision: z.enum(['approve', 'reject']), path: TaskPath.optional(), reason: Reason.optional() }),
    handle: async ({ params: { run: runId }, body: { decision, path, reason }, caller }) => {
      let counted = '';
      await steerRun(deps, { caller, runId, action: 'run.vote' }, async (app, session) => {
        const ballot = { runId, decision, ...(path === undefined ? {} : { path }), ...(reason === undefined ? {} : { reason }) };
        ({ path: counted } = await app.vote(session, ballot));
      });
      return { status: 202, body: { runId, asked: decision, path: counted } };
    },
  });
}

function ask(deps: ServerDeps, verb: 'cancel' | 'pause'): Route {
  const action = `run.${verb}` as const;
  const summary = verb === 'cancel' ? 'Stop a run; cleaning up still happens' : 'Let running steps finish and start no more';
  return defineRoute({
    ...base({ verb, action, summary }),
    body: OnlyReason,
    handle: async ({ params: { run: runId }, body: { reason }, caller }) => {
      await steerRun(deps, { caller, runId, action }, async (app, session) => app[verb](session, runId, reason));
      return { status: 202, body: { runId, asked: verb } };
    },
  });
}

function resume(deps: ServerDeps): Route {
  return defineRoute({
    ...base({ verb: 'resume', action: 'run.resume', summary: 'Go on with a paused run' }),
    body: z.strictObject({}),
    handle: async ({ params: { run: runId }, caller }) => {
      await steerRun(deps, { caller, runId, action: 'run.resume' }, async (app, session) => app.resume(session, runId));
      return { status: 202, body: { runId, asked: 'resume' } };
    },
  });
}

function rollback(deps: ServerDeps): Route {
  return defineRoute({
    ...base({ verb: 'rollback', action: 'run.rollback', summary: 'Undo a run, traffic first; a finished run is undone by a new one, whose id is given back' }),
    body: z.strictObject({ reason: Reason, force: z.boolean().default(false) }),
    handle: async ({ params: { run: runId }, body, caller }) => {
      let undoing = runId;
      await steerRun(deps, { caller, runId, action: 'run.rollback' }, async (app, session) => {
        const started = await app.rollBack(session, runId, body);
        undoing = started.runId;
        return 'done' in started ? started : undefined;
      });
      return { status: 202, body: { runId: undoing, asked: 'rollback' } };
    },
  });
}

function resolve(deps: ServerDeps): Route {
  return defineRoute({
    ...base({ verb: 'resolve', action: 'run.resolve', summary: 'Settle a step that needs a person: retry it, take it as done, or as failed' }),
    body: z.strictObject({ path: TaskPath, as: z.enum(['retry', 'done', 'failed']) }),
    handle: async ({ params: { run: runId }, body: { path, as }, caller }) => {
      await steerRun(deps, { caller, runId, action: 'run.resolve' }, async (app, session) => app.resolveTask(session, runId, path, as));
      return { status: 202, body: { runId, asked: as, path } };
    },
  });
}

function signal(deps: ServerDeps): Route {
  return defineRoute({
    ...base({ verb: 'signals', action: 'run.signal', summary: 'Send a signal that a step waits for' }),
    id: 'signalRun',
    body: z.strictObject({
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, { error: 'not the name of a signal' }),
      payload: z.json().default(null),
    }),
    handle: async ({ params: { run: runId }, body: { name, payload }, caller }) => {
      await steerRun(deps, { caller, runId, action: 'run.signal' }, async (app, session) => app.signalRun(session, runId, name, payload));
      return { status: 202, body: { runId, asked: name } };
    },
  });
}
