import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { retryDeliveries, seeDeliveries } from '../../../src/app/operate/deliveries.ts';
import { REMEDIES } from '../../../src/app/operate/remedy/order.ts';
import { remediesHandler, type RemedyHands } from '../../../src/app/operate/remedy/start.ts';
import { followRun, TOLD } from '../../../src/app/operate/telling/follow.ts';
import { channelsOf } from '../../../src/app/operate/telling/subscribers.ts';
import { workOnce } from '../../../src/app/operate/work.ts';
import type { Session, Wiring } from '../../../src/app/index.ts';
import { createMasker, SlipwayError } from '../../../src/core/index.ts';
import type { Attempted } from '../../../src/steps/index.ts';
import { RUN_ID } from '../../engine/support.ts';
import { movedClock, openPlace, type Place } from './place.ts';
import { operatingOf } from './schedule-table.ts';
import { GRAPH, outsideIn, record, STORY, type Taken, tellAll } from './telling-table.ts';

const EVENTS = [1, 2, 3, 4].map((seq) => `${RUN_ID}/${seq}`);
const EXPECTED = {
  hub: EVENTS,
  ends: EVENTS.slice(-1),
  ops: ['work has begun', 'work needs a person', 'work has succeeded'],
  cab: ['work has begun', 'work needs a person', 'work has succeeded'],
};
/** What each has taken, repetitions left out, in the order in which it came. */
function received(taken: readonly Taken[]): { readonly [to: string]: readonly string[] } {
  const first = [...new Map(taken.map((each) => [`${each.to} ${each.id}`, each])).values()];
  return Object.fromEntries(['hub', 'ends', 'ops', 'cab'].map((to) => [to, first.filter((each) => each.to === to).map(({ title, id }) => title ?? id)]));
}
const session = { actor: 'user:ada', masker: createMasker() } as Session; // all that is asked of it
const wiringOf = ({ store }: Place): Wiring => {
  const wiring: Pick<Wiring, 'store'> = { store: async () => ({ ...store, [Symbol.asyncDispose]: async () => undefined }) };
  return wiring as Wiring; // all that is asked of it
};

test('kill -9 before and after every write: everybody is told everything, in order, under ids that show repetitions', { timeout: 240_000 }, async () => {
  let kills = 0;
  for (let boundary = 1; ; boundary += boundary < 7 ? 1 : 7) {
    const clock = movedClock();
    await using at = openPlace(clock);
    await record(at, clock);
    const end = await child(at.dir, boundary);
    if (end === 'SIGKILL') kills += 1;
    else assert.equal(end, 0);
    // Whoever comes next; claims of the dead have run out by its clock.
    const outside = outsideIn(at.dir);
    await followRun(at.store, RUN_ID);
    for (let round = 0; round < 3; round++) {
      clock.advance(40_000);
      await tellAll(operatingOf(at, clock), outside);
    }
    assert.deepEqual(received(outside.taken()), EXPECTED, `killed at boundary ${boundary}`);
    assert.equal(await at.store.documents.get(TOLD, RUN_ID), undefined, 'what was told to the end is followed no more');
    if (end !== 'SIGKILL') {
      assert.equal(outside.taken().length, Object.values(EXPECTED).flat().length, 'nobody is told twice when nobody dies');
      break;
    }
  }
  assert.ok(kills >= 9, String(kills));
});

test('what is said holds nothing of what machines said or what a run gave out', async () => {
  const clock = movedClock();
  await using at = openPlace(clock);
  await record(at, clock);
  await followRun(at.store, RUN_ID);
  await tellAll(operatingOf(at, clock), outsideIn(at.dir));
  const kept = JSON.stringify([await at.store.queues.peek('notices'), await at.store.queues.peek('webhooks')]);
  assert.match(kept, /slipway\.run\.runFinished/);
  assert.doesNotMatch(kept, /secret words|in plain text/);
});

test('who is away is tried again later and later, in order, and is given up after days; what was given up can be tried again', async () => {
  const clock = movedClock();
  await using at = openPlace(clock);
  await record(at, clock);
  await followRun(at.store, RUN_ID);
  let answer: Attempted = { ok: false, code: 'REJECTED', message: 'answered 503', isFinal: false, status: 503 };
  const outside = outsideIn(at.dir, () => answer);
  const operating = operatingOf(at, clock);
  await tellAll(operating, outside);
  const [waiting] = await seeDeliveries(wiringOf(at), { limit: 1 });
  assert.deepEqual([waiting?.state, waiting?.attempts, waiting?.reason], ['ready', 1, 'REJECTED: answered 503']);
  clock.advance(4 * 86_400_000);
  for (let round = 0; round < 5; round++) await tellAll(operating, outside);
  const dead = await seeDeliveries(wiringOf(at), { states: ['dead'], limit: 100 });
  assert.equal(dead.length, Object.values(EXPECTED).flat().length);
  assert.match(dead[0]?.reason ?? '', /REJECTED: answered 503; given up after 4 d/);
  answer = { ok: true, status: 200 };
  await assert.rejects(retryDeliveries(session, wiringOf(at), 'no such'), { code: 'DELIVERY_NOT_DEAD' });
  assert.equal((await retryDeliveries(session, wiringOf(at))).length, dead.length);
  await tellAll(operating, outside);
  assert.deepEqual(Object.values(received(outside.taken())).flat().toSorted(), Object.values(EXPECTED).flat().toSorted());
  assert.deepEqual(
    (await at.store.audit.read({ action: 'delivery.retry' })).map(({ actor }) => actor),
    dead.map(() => 'user:ada'),
  );
});

test('a channel that this process does not know may be known to another one; what can never be taken is given up at once', async () => {
  const clock = movedClock();
  await using at = openPlace(clock);
  await record(at, clock);
  await followRun(at.store, RUN_ID);
  const operating = operatingOf(at, clock);
  await tellAll(
    operating,
    outsideIn(at.dir, () => ({ ok: false, code: 'NOTIFY_UNKNOWN_CHANNEL', message: 'there is no channel', isFinal: true })),
  );
  assert.deepEqual(await seeDeliveries(wiringOf(at), { states: ['dead'], limit: 9 }), []);
  clock.advance(10_000);
  await tellAll(
    operating,
    outsideIn(at.dir, () => ({ ok: false, code: 'REJECTED', message: 'answered 410', isFinal: true, status: 410 })),
  );
  assert.equal((await seeDeliveries(wiringOf(at), { states: ['dead'], limit: 1 }))[0]?.reason, 'REJECTED: answered 410');
});

test('a channel is told once however many rules name it, and of a phase only by its environment', () => {
  const rules = GRAPH.notifications ?? [];
  assert.deepEqual(channelsOf(rules, { notice: 'attention', environment: 'prod' }), ['ops', 'cab']);
  const prod = { on: ['failed' as const, 'approvalNeeded' as const], to: 'prod-ops', environment: 'prod' };
  assert.deepEqual(channelsOf([prod], { notice: 'approvalNeeded', environment: 'lab' }), []);
  assert.deepEqual(channelsOf([prod], { notice: 'approvalNeeded', environment: 'prod' }), ['prod-ops']);
  assert.deepEqual(channelsOf([prod], { notice: 'failed' }), ['prod-ops'], 'the whole run is everybody’s');
});

test('a scan that finds something starts its remedy once; while that goes on another finding starts no second one; a refusal is told', async () => {
  const clock = movedClock();
  await using at = openPlace(clock);
  const graph = { ...GRAPH, remediation: { runbook: 'harden', inputs: { level: 2 }, start: 'automatic' as const } };
  const error = { code: 'COMPLIANCE_FAILED', message: '2 findings', retry: 'never' as const };
  const failed = { type: 'stepFinished' as const, path: 'one/a', attempt: 1, durationMs: 1, result: { state: 'failed' as const, error } };
  const other = 'run-20261123-0000000001';
  for (const runId of [RUN_ID, other]) {
    await record(at, clock, { graph, runId, story: [...STORY.slice(0, 1), failed, failed, { type: 'runFinished', state: 'failed', outputs: {} }] });
    await followRun(at.store, runId);
  }
  const operating = operatingOf(at, clock);
  await tellAll(operating, outsideIn(at.dir));
  const started: string[] = [];
  const told: string[] = [];
  const hands: RemedyHands = {
    start: async ({ runbook, inputs }, { runId, labels }) => {
      started.push(`${runbook} ${JSON.stringify(inputs)}`);
      const row = { id: runId, runbook, planDigest: 'sha256:x', createdAt: clock.now(), rehearsal: false, labels } as const;
      await at.journal.create(row, {
        ...{ type: 'runCreated', planDigest: 'sha256:x', graph, inputs: {}, actor: 'remedy:work', rehearsal: false, checkout: '/', authors: [] },
      });
    },
    refused: async ({ found }, { code }) => void told.push(`${found} ${code}`),
  };
  while (await workOnce(operating, remediesHandler(operating, hands)));
  assert.deepEqual(started, ['harden {"level":2}']);
  assert.equal((await at.store.queues.peek(REMEDIES, { states: ['done'] })).length, 2);
  await record(at, clock, { graph, runId: 'run-20261124-0000000002', story: [failed] });
  await followRun(at.store, 'run-20261124-0000000002');
  await tellAll(operating, outsideIn(at.dir));
  const denied: RemedyHands = { ...hands, start: () => Promise.reject(new SlipwayError('POLICY_DENIED', 'no')) };
  for (const { id } of await at.journal.runs({ runbook: 'harden' })) {
    const lease = await at.journal.acquire(id, 'test', 60_000);
    if ('token' in lease) await at.journal.append(id, [{ type: 'runFinished', state: 'succeeded', outputs: {} }], lease, 'succeeded');
  }
  while (await workOnce(operating, remediesHandler(operating, denied)));
  assert.deepEqual(told, ['work POLICY_DENIED']);
});

async function child(dir: string, boundary: number): Promise<string | number | null> {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'slipway-scenario-compiled') };
  const started = spawn(process.execPath, [join(import.meta.dirname, 'telling-child.ts'), dir, String(boundary)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = (await once(started, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code;
}
