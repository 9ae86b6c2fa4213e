import assert from 'node:assert/strict';
import { type EventBody, evolve, initialState, isTerminal, type JournalEvent, runStateOf, stateOf } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';
import type { PlanGraph, PlanNode } from '../../src/plan/index.ts';
import { checkStart } from '../engine/checks.ts';
import type { Line } from './work.ts';

export interface Outside {
  readonly ledger: readonly Line[];
  /** Processes that were frozen or had a wrong clock. */
  readonly unreliable: ReadonlySet<number>;
}
type Body<T extends EventBody['type']> = Extract<EventBody, { type: T }>;

/** Every promise that one run can show, from its journal and from what the outside has seen of it. */
export async function checkRun(journal: Journal<EventBody>, runId: string, outside: Outside): Promise<void> {
  const row = await journal.run(runId);
  const events = await journal.read(runId);
  const graph = graphIn(events);
  const seen = outside.ledger.filter(({ run }) => run === runId);
  const verified = await journal.verify(runId);
  assert.ok(verified.ok, `I10: ${JSON.stringify(verified)}`);
  assert.ok(row && isTerminal(row.state), `I4: it is ${row?.state ?? 'gone'}`);
  assert.equal(runStateOf(stateOf(events)), row.state, 'lists and events agree');
  assert.equal(ofType(events, 'runFinished').length, 1, 'I2: one end');
  assert.equal(events.at(-1)?.body.type === 'runFinished' || afterEnd(events).every(isRequest), true, 'I2: after the end only requests, which change nothing');
  checkResults(events);
  checkStarts(events, graph);
  checkEffects(events, graph, seen);
  checkOverlap(seen, outside.unreliable);
  checkGates(events);
}

function graphIn(events: readonly JournalEvent[]): PlanGraph {
  const [created] = ofType(events, 'runCreated');
  assert.ok(created, 'I1: a run that was created is there');
  return created.graph;
}

function afterEnd(events: readonly JournalEvent[]): readonly JournalEvent[] {
  return events.slice(events.findIndex(({ body }) => body.type === 'runFinished') + 1);
}

function isRequest({ body }: JournalEvent): boolean {
  return /Requested$|^voteCast$|^signalReceived$|^taskResolved$|^leaseTaken$/.test(body.type);
}

/** I2: an attempt has one result that counts, and nothing good is followed by another attempt. */
function checkResults(events: readonly JournalEvent[]): void {
  const data = initialState();
  const results = new Map<string, string>();
  for (const event of events) {
    evolve(data, event);
    if (!('path' in event.body) || event.body.type === 'taskResolved') continue;
    const task = data.tasks.get(event.body.path);
    if (!task || !['ok', 'changed', 'failed', 'timedOut', 'cancelled'].includes(task.state)) continue;
    const key = `${task.path}#${task.attempt}#${task.lost}`;
    const result = JSON.stringify([task.state, task.outputs, task.error?.code]);
    assert.equal(result, results.get(key) ?? result, `I2: the result of ${key} changed`);
    results.set(key, result);
  }
}

/** I6 and the order of needs: what starts may start. */
function checkStarts(events: readonly JournalEvent[], graph: PlanGraph): void {
  const data = initialState();
  for (const event of events) {
    if (event.body.type === 'stepStarted') checkStart(data, graph, event.body);
    evolve(data, event);
  }
  for (const { path, role } of Object.values(graph.nodes)) {
    if (role !== 'compensate') continue;
    const good = ofType(events, 'stepFinished').filter(({ path: of, result }) => of.replace(/\[\d+\]$/, '') === path && 'outputs' in result);
    assert.equal(new Set(good.map(({ path: of }) => of)).size, good.length, `I6: ${path} succeeded twice`);
  }
}

/** I5: nothing happens outside without a durable intent; keyed has one key; manual and probe are not repeated unless a person says so. */
function checkEffects(events: readonly JournalEvent[], graph: PlanGraph, seen: readonly Line[]): void {
  const begun = seen.filter(({ what }) => what === 'begin');
  const intents = new Set([
    ...ofType(events, 'stepStarted').map(({ path, attempt }) => `${path} - ${attempt}`),
    ...ofType(events, 'hostStarted').map(({ path, attempt, host }) => `${path} ${host} ${attempt}`),
  ]);
  const times = new Map<string, number>();
  for (const { path, host, attempt } of begun) {
    const key = `${path} ${host} ${attempt}`;
    assert.ok(intents.has(key), `I5: ${key} happened without an intent`);
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  for (const [key, count] of times) assert.equal(count, 1, `I3: attempt ${key} was made ${count} times`);
  for (const [task, lines] of Map.groupBy(begun, ({ path, host }) => `${path} ${host}`)) {
    const node = nodeOf(graph, lines[0]?.path ?? '');
    assert.equal(new Set(lines.map(({ key }) => key)).size, 1, `I5: ${task} has more than one key`);
    if (node?.idempotency !== 'manual') continue;
    const retries = ofType(events, 'taskResolved').filter(({ path, as }) => path === lines[0]?.path && as === 'retry').length;
    assert.ok(lines.length <= 1 + retries, `I5: ${task} is manual and happened ${lines.length} times with ${retries} retries that a person asked for`);
  }
}

function nodeOf({ nodes }: PlanGraph, path: string): PlanNode | undefined {
  return nodes[path.replace(/\[\d+\]$/, '')];
}

/** I3: one attempt at a time, as far as processes were well: one that was killed, froze or had a wrong clock cannot say when it ended. */
function checkOverlap(seen: readonly Line[], unreliable: ReadonlySet<number>): void {
  const open = new Map<string, Line>();
  const ended = new Set(seen.filter(({ what }) => what === 'end').map(idOf));
  for (const line of seen) {
    const task = `${line.path} ${line.host}`;
    if (line.what === 'end') {
      if (open.get(task)?.attempt === line.attempt) open.delete(task);
      continue;
    }
    const other = open.get(task);
    const isKnown = other !== undefined && ended.has(idOf(other)) && !unreliable.has(other.pid) && !unreliable.has(line.pid);
    assert.ok(!isKnown, `I3: attempt ${line.attempt} of ${task} began while attempt ${other?.attempt ?? 0} went on`);
    open.set(task, line);
  }
}

function idOf({ path, host, attempt, pid }: Line): string {
  return `${path} ${host} ${attempt} ${pid}`;
}

/** I7: a gate that was approved had two different people who may, for this plan, before it closed. */
function checkGates(events: readonly JournalEvent[]): void {
  for (const [index, { body }] of events.entries()) {
    if (body.type !== 'gateClosed' || body.outcome !== 'approved') continue;
    const votes = events.slice(0, index).flatMap(({ body: vote }) => (vote.type === 'voteCast' && vote.path === body.path ? [vote] : []));
    const good = votes.filter(({ voter, planDigest }) => planDigest === 'sha256:test' && (voter === 'user:bo' || voter === 'user:cy'));
    assert.ok(new Set(good.map(({ voter }) => voter)).size >= 2, `I7: ${body.path} opened with ${good.map(({ voter }) => voter).join(', ')}`);
  }
}

function ofType<T extends EventBody['type']>(events: readonly JournalEvent[], type: T): readonly Body<T>[] {
  return events.flatMap(({ body }) => (body.type === type ? [body as Body<T>] : [])); // the union, narrowed by its tag
}
