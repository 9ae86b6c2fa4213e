import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createMasker, type JsonObject, SlipwayError, systemClock } from '../../../src/core/index.ts';
import { createExecutor, type EventBody, type Executor, type JournalEvent, type RequestBody, type RunState, stateOf } from '../../../src/engine/index.ts';
import type { Journal } from '../../../src/journal/index.ts';
import type { PlanGraph } from '../../../src/plan/index.ts';
import type { AnyKind, Host, Ports } from '../../../src/steps/index.ts';
import { kindsWith } from '../support.ts';
import { type Effect, kindsOf, type Outside, outsideIn } from './outside.ts';
import type { Act, Ask, Scenario, Seen, Told } from './scenario.ts';

/** An engine on a store, ready to run scenarios. */
export interface Rig extends AsyncDisposable {
  readonly name: string;
  readonly journal: Journal<EventBody>;
  readonly outside: Outside;
  /** Have a run that is recorded driven. */
  readonly begin: (runId: string) => Promise<void>;
  /** @throws {SlipwayError} what keeps the run from doing so. */
  readonly ask: (runId: string, body: RequestBody) => Promise<void>;
  /** End the process that drives, at once; it is back a moment later. */
  readonly kill?: () => Promise<void>;
}

const PLAN_DIGEST = 'sha256:test';

export interface NewRun {
  readonly runId: string;
  readonly graph: PlanGraph;
  readonly inputs?: JsonObject;
  readonly parent?: { readonly runId: string; readonly path: string };
  readonly labels?: JsonObject;
}

/** Record a run; again changes nothing. */
export async function record(journal: Journal<EventBody>, { runId, graph, inputs = {}, parent, labels = {} }: NewRun): Promise<void> {
  const row = { id: runId, runbook: graph.runbook, planDigest: PLAN_DIGEST, createdAt: 1, rehearsal: false, labels } as const;
  const group = graph.concurrency === undefined ? {} : { concurrencyGroup: graph.concurrency.group };
  const created: EventBody = {
    ...{ type: 'runCreated', planDigest: PLAN_DIGEST, graph, inputs, actor: 'user:ada', rehearsal: false, checkout: '/nowhere', authors: ['user:author'] },
    ...(parent ? { parent } : {}),
  };
  await journal.create({ ...row, ...group }, created);
}

/** The run that a path of another one calls. */
export function childOf(runId: string, path: string): string {
  return `${runId.slice(0, 13)}${createHash('sha256').update(`${runId} ${path}`).digest('hex').slice(0, 10)}`;
}

export function executorOf(journal: Journal<EventBody>, runId: string, kinds: readonly AnyKind[]): Executor {
  const host = (name: string): Host => ({ name, address: name, port: 22, user: 'test', groups: [], vars: {}, jump: [], login: {}, hostKeys: [] });
  return createExecutor({
    ...{ runId, host, clock: systemClock, masker: createMasker(), vault: journal, checkout: '/nowhere', rehearsal: false, graceMs: 2_000 },
    kindOf: kindsWith(...kinds),
    ports: {} as Ports, // the kinds of the scenarios use none
  });
}

export function outsideOf(dir: string): { readonly outside: Outside; readonly kinds: readonly AnyKind[] } {
  const outside = outsideIn(dir);
  return { outside, kinds: kindsOf(outside) };
}

const PATIENCE_MS = 90_000;

/** Tell a scenario on a rig: begin it, do what its people do, and wait for its end. */
export async function tell(rig: Rig, scenario: Scenario, runId: string): Promise<Told & { readonly state: RunState }> {
  const { journal, outside } = rig;
  await record(journal, { runId, graph: scenario.graph, ...(scenario.inputs ? { inputs: scenario.inputs } : {}) });
  await rig.begin(runId);
  const watch = { events: [] as JournalEvent[], until: Date.now() + PATIENCE_MS };
  const seen = async (what: string, isThere: (events: readonly JournalEvent[]) => boolean): Promise<void> => {
    for (;;) {
      watch.events.push(...(await journal.read(runId, watch.events.length)));
      if (isThere(watch.events)) return;
      assert.ok(Date.now() < watch.until, `${rig.name}: "${scenario.name}" never comes to ${what}; it is at ${summary(watch.events)}`);
      await delay(15);
    }
  };
  for (const [index, act] of (scenario.acts ?? []).entries()) {
    await seen(JSON.stringify(act.when), (events) => count(events, act.when) >= (act.when.times ?? 1));
    await perform(rig, { act, runId, id: `act${index}` });
  }
  await seen('its end', (events) => events.at(-1)?.body.type === 'runFinished');
  const { finished } = stateOf(watch.events);
  assert.equal((await journal.verify(runId)).ok, true);
  return { runId, events: watch.events, effects: outside.effects(runId), state: finished?.state ?? 'running' };
}

function count(events: readonly JournalEvent[], { type, path }: Seen): number {
  return events.filter(({ body }) => body.type === type && (path === undefined || ('path' in body && body.path === path))).length;
}

async function perform(rig: Rig, { act, runId, id }: { readonly act: Act; readonly runId: string; readonly id: string }): Promise<void> {
  if ('kill' in act) {
    const { what, path, host = '-' } = act.until;
    const isThere = (effect: Effect): boolean => effect.what === what && effect.path === path && effect.host === host;
    while (!rig.outside.effects(runId).some(isThere)) await delay(10);
    return rig.kill?.();
  }
  const body = { id, ...act.ask } as Ask & { readonly id: string } as RequestBody; // an ask is a request without its id
  const refusal = await rig.ask(runId, body).then(
    () => undefined,
    (cause: unknown) => (cause instanceof SlipwayError ? cause.code : String(cause)),
  );
  assert.equal(refusal, act.refused, JSON.stringify(act.ask));
}

function summary(events: readonly JournalEvent[]): string {
  return events
    .slice(-12)
    .map(({ body }) => `${body.type}${'path' in body ? ` ${body.path}` : ''}`)
    .join('; ');
}
