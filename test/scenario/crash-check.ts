import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { cloudStories, type Effect, effectsOf, isGood, worldOf } from './crash-world.ts';
import { leftOvers, runIn } from './crash-run.ts';
import { eventsIn, type EventRow, runSlipway } from './support.ts';

/** How a run that nobody killed ended; each killed one has to end like it. */
export interface Reference {
  readonly state: string;
  readonly world: object;
  readonly clouds: { readonly [urn: string]: string };
  readonly done: readonly string[];
  readonly effects: readonly string[];
}

export function referenceOf(home: string): Reference {
  const run = runIn(home);
  const events = eventsIn(home);
  return { state: stateOf(events), world: worldOf(home, run), clouds: cloudStories(home, run), done: doneIn(events), effects: kindsOf(effectsOf(home, run)) };
}

/** All that has to hold of a run that was killed and resumed. Reads files and the database, not what Slipway says about them. */
export async function check(home: string, reference: Reference): Promise<void> {
  const run = runIn(home);
  const events = eventsIn(home);
  assert.equal(stateOf(events), reference.state);
  checkSequence(events);
  checkAttempts(events);
  checkHosts(events);
  assert.deepEqual(doneIn(events), reference.done, 'the same steps succeeded');
  checkOutside(home, run, reference);
  checkLease(home, run, reference.state);
  checkUndoOrder(events);
  const verified = await runSlipway(home, ['journal', 'verify', run]);
  assert.equal(verified.code, 0, `the hash chain does not verify: ${verified.stdout}${verified.stderr}`);
  assert.deepEqual(await leftOvers(home, 15_000), [], 'processes are left over');
}

function stateOf(events: readonly EventRow[]): string {
  return String(events.findLast(({ body }) => body.type === 'runFinished')?.body.state);
}

/** Paths whose recorded result is good, in no particular order. */
function doneIn(events: readonly EventRow[]): readonly string[] {
  return events.flatMap((event) => (event.body.type === 'stepFinished' && isGood(event) ? [event.body.path ?? ''] : [])).toSorted();
}

/** I1, I4, I7, I8, I10: one beginning, no gap, each phase and gate ends once, one end, which is last. */
function checkSequence(events: readonly EventRow[]): void {
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
    'the sequence has a gap',
  );
  for (const once of ['runCreated', 'runStarted', 'runFinished']) assert.equal(events.filter(({ body }) => body.type === once).length, 1, once);
  assert.equal(events.at(-1)?.body.type, 'runFinished');
  for (const type of ['phaseFinished', 'gateClosed', 'rollbackRequested']) {
    const ended = events.filter(({ body }) => body.type === type).map(({ body }) => JSON.stringify([body['phase'], body.path]));
    assert.equal(new Set(ended).size, ended.length, `${type} twice: ${ended.join(', ')}`);
  }
  const raised = events.filter(({ body }) => body.type === 'attentionRaised').map(({ body }) => JSON.stringify(body));
  assert.deepEqual(raised, [], 'nothing here needs a person');
  const tokens = events.filter(({ body }) => body.type === 'leaseTaken').map(({ body }) => Number(body['token']));
  assert.deepEqual(
    tokens,
    [...new Set(tokens)].toSorted((a, b) => a - b),
    'fencing tokens grow',
  );
}

/** I2, I3, I5: an attempt has one result; another one begins only when the one before has a bad result or is in doubt; nothing after a good result. */
function checkAttempts(events: readonly EventRow[]): void {
  const open = new Map<string, number>();
  const last = new Map<string, number>();
  const done = new Set<string>();
  for (const event of events) {
    const { type, path = '', attempt = 0 } = event.body;
    if (type === 'stepStarted') {
      assert.ok(!done.has(path), `${path} began again although its result was on record`);
      assert.ok(!open.has(path), `${path} has two live attempts`);
      assert.equal(attempt, (last.get(path) ?? 0) + 1, path);
      last.set(path, attempt);
      open.set(path, attempt);
    } else if (type === 'stepInDoubt') {
      assert.equal(open.get(path), attempt, `${path} is in doubt and was not under way`);
      open.delete(path);
    } else if (type === 'stepFinished') {
      assert.equal(last.get(path), attempt, `${path}: the result of attempt ${attempt} came late`);
      assert.ok(!done.has(path), `${path} has two results`);
      open.delete(path);
      if (isGood(event)) done.add(path);
    }
  }
  assert.deepEqual([...open.keys()], [], 'attempts without an end');
}

function checkHosts(events: readonly EventRow[]): void {
  const done = new Set<string>();
  for (const event of events) {
    const key = `${event.body.path ?? ''} on ${String(event.body['host'])}`;
    if (event.body.type === 'hostStarted') assert.ok(!done.has(key), `${key} began again although its result was on record`);
    if (event.body.type === 'hostFinished' && isGood(event)) done.add(key);
  }
}

/** I5 and I6 as the outside saw them: what was done lies between an intent and its result, as often as there were intents at most. */
function checkOutside(home: string, run: string, reference: Reference): void {
  const events = eventsIn(home);
  const effects = effectsOf(home, run);
  assert.deepEqual(
    effects.filter(({ isCovered }) => !isCovered),
    [],
    'effects without an intent, or after the result was on record',
  );
  for (const { host, path, what } of effects) {
    const times = effects.filter((other) => other.host === host && other.path === path && other.what === what).length;
    const intents = events.filter(({ body }) => body.type === 'hostStarted' && body.path === path && body['host'] === host).length;
    assert.ok(times <= intents, `${path} did "${what}" ${times} times on ${host} with ${intents} intents`);
  }
  assert.deepEqual(kindsOf(effects), reference.effects, 'the same was done on the machines');
  assert.deepEqual(cloudStories(home, run), reference.clouds, 'every resource was created once, and deleted once if at all');
  assert.deepEqual(worldOf(home, run), reference.world, 'machines and clouds end the same');
}

function kindsOf(effects: readonly Effect[]): readonly string[] {
  return [...new Set(effects.map(({ path, host, what }) => `${path} on ${host}: ${what}`))].toSorted();
}

/** I4: nobody holds the run any more, and lists say how it ended. */
function checkLease(home: string, run: string, state: string): void {
  using database = new DatabaseSync(join(home, 'journal.db'), { readOnly: true });
  const row = database.prepare('SELECT state FROM runs WHERE id = ?').get(run);
  assert.equal(row?.['state'], state, 'lists show another state than the events');
}

interface Graph {
  readonly nodes: {
    readonly [path: string]: {
      readonly path: string;
      readonly needs: readonly string[];
      readonly owner?: string;
      readonly order?: string;
      readonly role: string;
    };
  };
}

/** I6: traffic moves back before anything else, and nothing is undone before what depended on it. */
function checkUndoOrder(events: readonly EventRow[]): void {
  const { nodes } = (events[0]?.body['graph'] ?? { nodes: {} }) as Graph;
  const undone = Object.values(nodes).filter(({ role, path }) => role === 'compensate' && seqOf(events, 'stepStarted', path) !== undefined);
  for (const undo of undone) {
    const owner = nodes[undo.owner ?? ''];
    const dependents = undone.filter((other) => owner !== undefined && needs(nodes, other.owner ?? '', owner.path));
    const earlier = undo.order === 'traffic' ? dependents : [...dependents, ...undone.filter(({ order }) => order === 'traffic')];
    for (const other of earlier) {
      const end = seqOf(events, 'stepFinished', other.path) ?? Infinity;
      assert.ok(end < (seqOf(events, 'stepStarted', undo.path) ?? 0), `${undo.path} began before ${other.path} had ended`);
    }
  }
}

function needs(nodes: Graph['nodes'], path: string, wanted: string): boolean {
  return (nodes[path]?.needs ?? []).some((need) => need === wanted || needs(nodes, need, wanted));
}

/** Where a task began first, or got its good result. */
function seqOf(events: readonly EventRow[], type: string, path: string): number | undefined {
  return events.find((event) => event.body.type === type && event.body.path === path && (type === 'stepStarted' || isGood(event)))?.seq;
}
