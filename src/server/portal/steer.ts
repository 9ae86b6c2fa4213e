import type { Hono } from 'hono';
import { EXIT, SlipwayError } from '../../core/index.ts';
import { steerRun } from '../api/steer.ts';
import type { ServerDeps } from '../deps.ts';
import type { Caller, Env } from '../http/env.ts';
import type { Pages } from './pages.ts';

type Verb = 'votes' | 'resolve' | 'pause' | 'resume' | 'cancel' | 'rollback';
const ACTIONS = {
  votes: 'run.vote',
  pause: 'run.pause',
  resume: 'run.resume',
  cancel: 'run.cancel',
  rollback: 'run.rollback',
  resolve: 'run.resolve',
} as const;

/** Buttons of the page of a run: the same requests as those of the API, from forms. */
export function addSteering(app: Hono<Env>, deps: ServerDeps, pages: Pages): void {
  for (const verb of Object.keys(ACTIONS) as Verb[]) {
    // keys of that record
    app.post(
      `/runs/:run/${verb}`,
      pages.form(async (c, caller, form) => {
        const run = c.req.param('run') ?? '';
        return c.redirect(`/runs/${await steer(deps, verb, { caller, run, form })}`, 303);
      }),
    );
  }
}

/** @returns the run to look at next: a finished run is undone by another one. */
async function steer(
  deps: ServerDeps,
  verb: Verb,
  { caller, run, form }: { readonly caller: Caller; readonly run: string; readonly form: URLSearchParams },
): Promise<string> {
  const reason = form.get('reason')?.trim().slice(0, 1_000) ?? '';
  let next = run;
  await steerRun(deps, { caller, runId: run, action: ACTIONS[verb] }, async (app, session) => {
    if (verb === 'votes') {
      await app.vote(session, {
        runId: run,
        path: form.get('path') ?? '',
        decision: form.get('decision') === 'approve' ? 'approve' : 'reject',
        ...(reason === '' ? {} : { reason }),
      });
      return undefined;
    }
    if (verb === 'resume') return app.resume(session, run);
    if (verb === 'resolve') return app.resolveTask(session, run, form.get('path') ?? '', asIn(form));
    if (verb !== 'rollback') return app[verb](session, run, reason === '' ? undefined : reason);
    const started = await app.rollBack(session, run, { reason: reason === '' ? 'asked in the portal' : reason, force: false });
    next = started.runId;
    return 'done' in started ? started : undefined;
  });
  return next;
}

/** @throws {SlipwayError} `BAD_REQUEST`. */
function asIn(form: URLSearchParams): 'retry' | 'done' | 'failed' {
  const as = form.get('as');
  if (as === 'retry' || as === 'done' || as === 'failed') return as;
  throw new SlipwayError('BAD_REQUEST', 'the form does not say how to settle it', { exitCode: EXIT.usage });
}
