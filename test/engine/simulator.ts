import assert from 'node:assert/strict';
import { z } from 'zod';
import {
  decide,
  type EventBody,
  evolve,
  initialState,
  isTerminal,
  type JournalEvent,
  type RunData,
  runStateOf,
  stateOf,
  type StepResult,
} from '../../src/engine/index.ts';
import type { Action } from '../../src/engine/actions.ts';
import type { PlanGraph } from '../../src/plan/index.ts';
import { type AnyKind, defineStep } from '../../src/steps/index.ts';
import { checkStart } from './checks.ts';
import { kindsWith, RUN_ID } from './support.ts';

/** A kind for decisions without effects; it can be asked whether it took effect. */
export const silentKind: AnyKind = defineStep({
  uses: 'test.work',
  summary: 'a step of a test',
  with: z.looseObject({}),
  outputs: z.looseObject({}),
  example: {},
  mutates: true,
  describe: () => 'work',
  target: 'none',
  idempotency: 'safe',
  execute: () => Promise.reject(new Error('nothing is executed here')),
  probe: () => Promise.reject(new Error('nothing is looked at here')),
});
export const silentKinds = kindsWith(silentKind);

export const OK: StepResult = { state: 'changed', outputs: {} };
export function failure(code = 'BROKEN', retry: 'never' | 'afterBackoff' | 'pauseForHuman' = 'never'): StepResult {
  return { state: 'failed', error: { code, message: code.toLowerCase(), retry } };
}

type Live = Extract<Action, { type: 'start' | 'probe' }>;

/** A run without a journal, a clock or effects: what happens next is the caller's choice, and every promise is checked at every event. */
export class Simulation {
  readonly graph: PlanGraph;
  readonly events: JournalEvent[] = [];
  readonly data: RunData = initialState();
  readonly live = new Map<string, Live>();
  now = 1_000;
  #asked = 0;
  readonly #results = new Map<string, string>();

  constructor(graph: PlanGraph, created: Partial<Extract<EventBody, { type: 'runCreated' }>> = {}) {
    this.graph = graph;
    this.push({
      ...{ type: 'runCreated', planDigest: 'sha256:test', graph, inputs: {}, actor: 'user:ada', rehearsal: false, checkout: '/nowhere', authors: [] },
      ...created,
    });
    this.push({ type: 'runStarted' });
  }

  push(body: EventBody): void {
    if (body.type === 'stepStarted') this.#checkStart(body);
    const event: JournalEvent = { runId: RUN_ID, seq: this.events.length + 1, at: this.now, body, prev: 'sha256:-', hash: 'sha256:-' };
    this.events.push(event);
    evolve(this.data, event);
    this.#checkResults();
  }

  /** Ask until nothing is to be recorded any more, and start what is to be started. @returns what should be going on. */
  settle(): readonly Action[] {
    for (let turn = 0; turn < 2_000; turn++) {
      const actions = decide(this.data, this.now, silentKinds);
      const records = actions.flatMap((action) => (action.type === 'record' ? [action.event] : []));
      // What `decide` remembers about a state is never more than the events say.
      if (this.#asked++ % 8 === 0) assert.deepEqual(decide(stateOf(this.events), this.now, silentKinds), actions);
      if (records.length === 0) return this.#follow(actions);
      for (const record of records) this.push(record);
    }
    throw new Error('it records for ever');
  }

  #follow(actions: readonly Action[]): readonly Action[] {
    const starts = actions.filter((action) => action.type === 'start');
    assert.equal(new Set(starts.map(({ path }) => path)).size, starts.length, 'one decision starts a task twice');
    for (const action of starts) {
      if (this.live.has(action.path)) continue;
      const { path, attempt, key, with: input } = action;
      this.push({ type: 'stepStarted', path, attempt, key, with: input });
      this.live.set(path, action);
    }
    for (const action of actions) if (action.type === 'probe' && !this.live.has(action.path)) this.live.set(action.path, action);
    return actions;
  }

  /** The attempt in flight ends. */
  finish(path: string, result: StepResult = OK): void {
    const live = this.live.get(path);
    assert.ok(live, `${path} is not in flight`);
    this.live.delete(path);
    if (live.type === 'start') this.push({ type: 'stepFinished', path, attempt: live.attempt, result, durationMs: 0 });
    else if (result.state === 'cancelled' || result.state === 'timedOut')
      this.push({ type: 'stepProbed', path, attempt: live.attempt, verdict: 'unknown', reason: 'x' });
    else if (result.state === 'failed') this.push({ type: 'stepProbed', path, attempt: live.attempt, verdict: 'notDone' });
    else this.push({ type: 'stepProbed', path, attempt: live.attempt, verdict: 'done', result });
  }

  /** The process dies and another one takes over. */
  crash(): void {
    this.live.clear();
    this.push({ type: 'leaseTaken', token: this.events.length, owner: 'test' });
    for (const { path, node, state, attempt } of [...this.data.tasks.values()]) {
      const isControl = silentKinds(this.graph.nodes[node]?.uses ?? '')?.target === 'control';
      if (state === 'running' && !isControl) this.push({ type: 'stepInDoubt', path, attempt });
    }
  }

  get state(): string {
    return runStateOf(this.data);
  }
  get isOver(): boolean {
    return isTerminal(this.state);
  }
  types(): readonly string[] {
    return this.events.map(({ body }) => body.type);
  }
  /** Paths in the order in which their attempts began. */
  started(): readonly string[] {
    return this.events.flatMap(({ body }) => (body.type === 'stepStarted' ? [body.path] : []));
  }
  stateOf(path: string): string | undefined {
    return this.data.tasks.get(path)?.state;
  }

  #checkStart(body: Extract<EventBody, { type: 'stepStarted' }>): void {
    assert.ok(!this.live.has(body.path), `${body.path} has a live attempt`);
    checkStart(this.data, this.graph, body);
  }

  /** A result, once recorded, stays. */
  #checkResults(): void {
    for (const { path, attempt, state, outputs, error } of this.data.tasks.values()) {
      if (!['ok', 'changed', 'failed', 'timedOut', 'cancelled'].includes(state)) continue;
      const result = JSON.stringify({ state, outputs, error });
      const key = `${path}#${attempt}`;
      const earlier = this.#results.get(key);
      const isResolved = this.events.at(-1)?.body.type === 'taskResolved';
      if (earlier !== undefined && !isResolved) assert.equal(result, earlier, `the result of ${key} changed`);
      this.#results.set(key, result);
    }
  }
}
