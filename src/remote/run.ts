import type { App, RunFacts, RunHandle, Session } from '../app/index.ts';
import { type Clock, EXIT, isArray, isObject, type Json, type JsonObject, SlipwayError } from '../core/index.ts';
import { type Client, exitOf, notRemote, problemsIn, textIn } from './client.ts';
import { readEvents } from './stream.ts';

type Row = RunFacts['row'];
type Event = RunFacts['events'][number];
type End = Awaited<RunHandle['done']>;

const AGAIN_MS = 1_000;
const ENDS = ['cancelled', 'rolledBack', 'rollbackFailed', 'failed', 'succeeded'];

/** Everything about a run. @throws {SlipwayError} `RUN_NOT_FOUND`, and why it was refused when it was. */
export async function factsOf(client: Client, runId: string, signal: AbortSignal): Promise<RunFacts> {
  const detail = await client.get(runPath(runId), signal);
  refuseRefused(detail);
  if (!isObject(detail['row']))
    throw new SlipwayError('RUN_PENDING', `${runId} has not begun: ${textIn(detail, 'waitsFor') ?? 'it is queued'}`, {
      exitCode: EXIT.error,
      hint: 'look again',
    });
  const events: Event[] = [];
  for (let after = 0; ; after = events.at(-1)?.seq ?? after) {
    const page = eventsIn((await client.get(`${runPath(runId)}/events?after=${after}`, signal))['items']);
    events.push(...page);
    if (page.length === 0) break;
  }
  return { row: detail['row'] as never as Row, events }; // the server wrote it as this type
}

/** Events as they come; whoever loses the connection goes on behind the last one. */
export async function* followRun(
  client: Client,
  clock: Clock,
  { runId, after, signal }: { readonly runId: string; readonly after: number; readonly signal: AbortSignal },
): AsyncGenerator<Event> {
  let seq = after;
  while (!signal.aborted) {
    try {
      const headers = { accept: 'text/event-stream', 'last-event-id': String(seq) };
      const { body } = await client.open(`${runPath(runId)}/events`, headers, signal);
      if (!body) return;
      for await (const { id, event, data } of readEvents(body)) {
        if (event === 'order') return;
        if (id === undefined || Number(id) <= seq) continue;
        seq = Number(id);
        yield JSON.parse(data) as Event; // the server wrote it as this type
        if (event === 'runFinished') return;
      }
    } catch (cause) {
      if (signal.aborted) return;
      if (cause instanceof SlipwayError && cause.retry !== 'afterBackoff') throw cause;
    }
    await clock.sleep(AGAIN_MS, signal).catch(() => undefined); // an aborted sleep ends the loop
  }
}

/** A run that the server drives: over when it has ended, or when only a person can move it on. */
export function handleOf(client: Client, clock: Clock, { runId, signal }: { readonly runId: string; readonly signal: AbortSignal }): RunHandle {
  return { runId, done: untilOver(client, clock, runId, signal) };
}

async function untilOver(client: Client, clock: Clock, runId: string, signal: AbortSignal): Promise<End> {
  let stood: Json | undefined;
  for (;;) {
    signal.throwIfAborted();
    const detail = await client.get(runPath(runId), signal);
    refuseRefused(detail);
    const state = textIn(detail, 'state') ?? '';
    const row = isObject(detail['row']) ? detail['row'] : {};
    // Whoever drives it on has just been asked to: only what stays as it is stands still.
    const stands = (state === 'attention' || state === 'paused') && row['lease'] === undefined ? row['lastSeq'] : undefined;
    if (ENDS.includes(state) || (stands !== undefined && stands === stood)) return { state: state as End['state'] }; // those that were just compared
    stood = stands;
    await clock.sleep(AGAIN_MS, signal);
  }
}

/** @throws {SlipwayError} what the server refused it for. */
function refuseRefused(detail: JsonObject): void {
  const { refusal } = detail;
  if (!isObject(refusal)) return;
  const code = textIn(refusal, 'code') ?? 'REFUSED';
  const hint = textIn(refusal, 'hint');
  throw new SlipwayError(code, textIn(refusal, 'message') ?? 'the server refused it', {
    exitCode: exitOf(code, 422),
    ...(hint === undefined ? {} : { hint }),
    problems: problemsIn(refusal['problems']),
  });
}

/** Runs in a list. */
export function rowsIn(page: JsonObject): readonly Row[] {
  return itemsIn(page['items']).map((item) => {
    const { repository, cause } = item;
    const labels = { ...(repository === undefined ? {} : { repository }), ...(cause === undefined ? {} : { cause }) };
    const { id, runbook, state, rehearsal, planDigest, order, lastSeq } = item;
    const times = { createdAt: Date.parse(textIn(item, 'createdAt') ?? ''), updatedAt: Date.parse(textIn(item, 'updatedAt') ?? '') };
    return { id, runbook, state, rehearsal, planDigest, order, lastSeq, labels, ...times } as never as Row; // the server wrote them as these types
  });
}

export function runPath(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}`;
}

export function itemsIn(value: Json | undefined): readonly JsonObject[] {
  return value !== undefined && isArray(value) ? value.filter(isObject) : [];
}

function eventsIn(value: Json | undefined): readonly Event[] {
  return itemsIn(value) as never as readonly Event[]; // the server wrote them as this type
}

export type Steering = Pick<App, 'vote' | 'cancel' | 'pause' | 'resume' | 'rollBack' | 'signalRun' | 'resolveTask' | 'retry' | 'settleHosts' | 'takeUp'>;

/** Requests of people to a run. */
export function steering(client: Client, clock: Clock): Steering {
  const send = (session: Session, runId: string, verb: string, body: JsonObject): Promise<JsonObject> =>
    client.send(`${runPath(runId)}/${verb}`, body, { signal: session.signal });
  return {
    vote: async (session, { runId, ...ballot }) => ({ path: textIn(await send(session, runId, 'votes', ballot), 'path') ?? '' }),
    cancel: async (session, runId, reason) => {
      await send(session, runId, 'cancel', reason === undefined ? {} : { reason });
      return undefined;
    },
    pause: async (session, runId, reason) => void (await send(session, runId, 'pause', reason === undefined ? {} : { reason })),
    resume: async (session, runId) => {
      await send(session, runId, 'resume', {});
      return handleOf(client, clock, { runId, signal: session.signal });
    },
    rollBack: async (session, runId, options) => ({ requested: true, runId: textIn(await send(session, runId, 'rollback', options), 'runId') ?? runId }),
    signalRun: async (session, runId, name, payload) => void (await send(session, runId, 'signals', { name, payload })),
    resolveTask: async (session, runId, path, as) => void (await send(session, runId, 'resolve', { path, as })),
    retry: async (session, runId, { path, hosts }) => {
      if (path === undefined || hosts !== undefined) throw notRemote('trying single hosts or a whole run again');
      await send(session, runId, 'resolve', { path, as: 'retry' });
      return { runId, settled: [{ path }] };
    },
    settleHosts: () => Promise.reject(notRemote('settling single hosts')),
    // The server drives what there is to drive.
    takeUp: async () => undefined,
  };
}
