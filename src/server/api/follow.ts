import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { EXIT, messageOf, SlipwayError } from '../../core/index.ts';
import type { ServerDeps } from '../deps.ts';
import { findRun, guard, readingSession, type RunTarget } from '../guard.ts';
import type { Caller, Ctx } from '../http/env.ts';
import type { Authenticate } from '../http/register.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { asJson } from './runs.ts';
import { JournalEventShape, RunId } from './shapes.ts';

const BEAT_MS = 15_000;
const LOOK_MS = 300;
const PAGE = 1_000;

/** Events of a run: a page of them, or a stream that goes on. */
export function followRoute(deps: ServerDeps, authenticate: Authenticate, beatMs = BEAT_MS): Route {
  const seats = { taken: 0 };
  return defineRoute({
    ...{ method: 'get', path: '/v1/runs/{run}/events', id: 'followRun', tag: 'runs', open: 'callers' },
    summary: 'Events of a run: as server-sent events with "Accept: text/event-stream", which begin behind Last-Event-ID; else as a page',
    params: z.strictObject({ run: RunId }),
    query: z.strictObject({ after: z.coerce.number().int().min(0).default(0).meta({ description: 'sequence number of the last event that is known' }) }),
    headers: { 'Last-Event-ID': 'Sequence number of the last event that was received' },
    success: { status: 200, about: 'events, hash-chained, oldest first', schema: z.strictObject({ items: z.array(JournalEventShape) }) },
    problems: [404],
    handle: async ({ c, params, query, caller }) => {
      const target = await findRun(deps, params.run);
      await guard(deps, caller, { action: 'run.read', ...target });
      const after = Math.max(query.after, lastSeen(c));
      if (!(c.req.header('accept') ?? '').includes('text/event-stream')) return { status: 200, body: { items: asJson(pageOf(target, after)) } };
      if (seats.taken >= deps.settings.limits.followers)
        throw new SlipwayError('TOO_MANY_FOLLOWERS', 'too many follow runs just now', { exitCode: EXIT.locked, hint: 'try again, or ask for pages' });
      seats.taken++;
      return stream({ deps, c, target, caller, authenticate, beatMs, free: () => seats.taken-- }, after);
    },
  });
}

interface Following {
  readonly deps: ServerDeps;
  readonly c: Ctx;
  readonly target: RunTarget;
  readonly caller: Caller;
  readonly authenticate: Authenticate;
  /** How often it is looked whether the caller may still look, in milliseconds. */
  readonly beatMs: number;
  readonly free: () => void;
}

/** Events with their sequence number as id, so that whoever lost the connection goes on where it was. Ends with the run, and when the caller may no longer look. */
function stream(following: Following, after: number): Response {
  const { deps, c, target, free } = following;
  c.header('x-accel-buffering', 'no');
  return streamSSE(c, async (sse) => {
    const over = new AbortController();
    sse.onAbort(() => over.abort());
    const signal = AbortSignal.any([over.signal, deps.signal, deps.drain]);
    const beat = setInterval(
      () => void keepAlive(following, () => sse.writeSSE({ event: 'beat', data: '' })).catch((cause: unknown) => over.abort(cause)),
      following.beatMs,
    );
    try {
      await sse.writeSSE({ event: 'hello', data: target.runId, retry: 2_000 });
      if (!target.facts && !(await hasBegun(following, signal, (state) => sse.writeSSE({ event: 'order', data: state })))) return;
      for await (const event of deps.app.follow(readingSession(deps, signal), target.runId, after)) {
        await sse.writeSSE({ id: String(event.seq), event: event.body.type, data: JSON.stringify(event) });
        if (event.body.type === 'runFinished') return;
      }
    } catch (cause) {
      if (!signal.aborted) deps.log.warn({ runId: target.runId, error: messageOf(cause) }, 'following a run ended with an error');
    } finally {
      clearInterval(beat);
      free();
    }
  });
}

/** A connection may outlive what it was opened with: a token that is revoked, a session that ends, a role that is taken away. */
async function keepAlive({ deps, c, target, caller, authenticate }: Following, write: () => Promise<void>): Promise<void> {
  const now = await authenticate(c);
  if (now && now.identity.id === caller.identity.id) {
    await guard(deps, now, { action: 'run.read', ...target });
    return write();
  }
  throw new SlipwayError('UNAUTHENTICATED', 'the sign-in has ended', { exitCode: EXIT.notAuthorized });
}

/** Wait for a run that is only ordered. */
async function hasBegun({ deps, target }: Following, signal: AbortSignal, tell: (state: string) => Promise<void>): Promise<boolean> {
  while (!signal.aborted) {
    const { facts, order } = await findRun(deps, target.runId);
    if (facts) return true;
    if (order?.state === 'refused') {
      await tell('refused');
      return false;
    }
    await deps.clock.sleep(LOOK_MS, signal).catch(() => undefined); // an aborted sleep ends the loop
  }
  return false;
}

function pageOf({ facts }: RunTarget, after: number): readonly unknown[] {
  return (facts?.events ?? []).filter(({ seq }) => seq > after).slice(0, PAGE);
}

/** What is no number was not given by us, and means the beginning. */
function lastSeen(c: Ctx): number {
  const header = c.req.header('last-event-id') ?? '';
  return /^\d{1,9}$/.test(header) ? Number(header) : 0;
}
