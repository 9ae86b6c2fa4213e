import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRunLocks } from '../../src/app/locks.ts';
import { seeLocks, unlock } from '../../src/app/see-locks.ts';
import type { Session, Wiring } from '../../src/app/index.ts';
import { type Clock, createMasker, systemClock } from '../../src/core/index.ts';
import type { RunLocks } from '../../src/engine/index.ts';
import { create, drive, graphOf, node, type Setting, workKind } from '../engine/support.ts';
import { eventually, movedClock, openPlace, type Place } from './operate/place.ts';

const A = 'run-20261123-aaaaaaaaaa';
const B = 'run-20261123-bbbbbbbbbb';
const C = 'run-20261123-cccccccccc';
const session: Session = {
  ...{ actor: 'user:ada', teams: [], root: '/', stateDir: '/', masker: createMasker(), notice: () => undefined },
  signal: new AbortController().signal,
};
const graph = graphOf([node('one/a'), node('one/b', { needs: ['one/a'] })]);

interface Of {
  readonly names?: readonly string[];
  readonly clock?: Clock;
  readonly heldMs?: number;
}
const locksOf = (at: Place, runId: string, { names = ['hosts:web'], clock = systemClock, heldMs }: Of = {}): RunLocks =>
  createRunLocks({ locks: at.store.locks, journal: at.journal, clock, runId, holder: 'user:ada', names, ...(heldMs === undefined ? {} : { heldMs }) });
const wiringOf = ({ dir: _dir, journal, store }: Place, dead: readonly string[] = []): Wiring => {
  const wiring: Pick<Wiring, 'clock' | 'journal' | 'store' | 'isDead'> = {
    clock: systemClock,
    journal: async () => journal,
    store: async () => ({ ...store, [Symbol.asyncDispose]: async () => undefined }),
    isDead: (owner) => dead.includes(owner),
  };
  return wiring as Wiring; // all that these use cases need of it
};
const heldBy = async ({ store }: Place, lock = 'hosts:web') => (await store.locks.locks()).find((row) => row.lock === lock)?.heldBy?.runId;
const typesOf = async ({ journal }: Place, runId: string) => (await journal.read(runId)).map(({ body }) => body.type);

/** A run whose first step waits to be let go. */
function gated(at: Place, runId: string, rest: Partial<Setting> = {}) {
  const gate = Promise.withResolvers<void>();
  const began: string[] = [];
  const kind = workKind(began, async ({ path, signal }) => {
    if (path === 'one/a') await Promise.race([gate.promise, new Promise((_, fail) => signal.addEventListener('abort', () => fail(new Error('aborted'))))]);
    return {};
  });
  const setting: Setting = { journal: at.journal, graph, kinds: [kind], runId, locks: locksOf(at, runId), ...rest };
  return { setting, began, go: () => gate.resolve() };
}

test('two runs that act on one thing go one after the other, first come first served; who waits is told for whom and why', { timeout: 60_000 }, async () => {
  await using at = openPlace();
  const [a, b, c] = [gated(at, A), gated(at, B), gated(at, C)];
  for (const { setting } of [a, b, c]) await create(setting);
  const first = drive(a.setting);
  await eventually('the first begins', () => a.began[0]);
  const second = drive(b.setting);
  await eventually('the second waits', async () => (await typesOf(at, B)).includes('runQueued'));
  const third = drive(c.setting);
  await eventually('the third waits', async () => (await typesOf(at, C)).includes('runQueued'));
  const queued = (await at.journal.read(C)).flatMap(({ body }) => (body.type === 'runQueued' ? [body] : []));
  assert.equal(queued[0]?.lock?.lock, 'hosts:web');
  assert.deepEqual([queued[0].lock.position, queued[0].lock.heldBy?.runId, queued[0].lock.heldBy?.holder], [2, A, 'user:ada']);
  assert.deepEqual(b.began, []);
  const [seen] = await seeLocks(wiringOf(at));
  assert.deepEqual([seen?.heldBy?.runId, seen?.heldBy?.driver, seen?.waiters.map(({ runId }) => runId)], [A, 'alive', [B, C]]);
  a.go();
  assert.equal((await first).state, 'succeeded');
  await eventually('the second begins', () => b.began[0]);
  assert.deepEqual(c.began, []);
  b.go();
  c.go();
  assert.deepEqual([(await second).state, (await third).state], ['succeeded', 'succeeded']);
  assert.deepEqual(await at.store.locks.locks(), []);
});

test('a run that is cancelled while it waits leaves the queue, and never acts', { timeout: 60_000 }, async () => {
  await using at = openPlace();
  const names = ['hosts:db', 'hosts:web'];
  const [a, b] = [gated(at, A), gated(at, B, { locks: locksOf(at, B, { names }) })];
  for (const { setting } of [a, b]) await create(setting);
  const first = drive(a.setting);
  await eventually('the first begins', () => a.began[0]);
  const second = drive(b.setting);
  await eventually('the second waits', async () => (await typesOf(at, B)).includes('runQueued'));
  assert.equal(await heldBy(at, 'hosts:db'), B);
  await at.journal.post(B, { type: 'cancelRequested', id: 'c', by: 'user:ada' }, 'c');
  assert.equal((await second).state, 'cancelled');
  assert.deepEqual(b.began, []);
  assert.deepEqual(
    (await at.store.locks.locks()).map(({ lock, waiting }) => [lock, waiting]),
    [['hosts:web', 0]],
  );
  a.go();
  await first;
});

test('the next driver of a run takes its own locks again, ahead of whoever waits; so does a run that was left to people', { timeout: 60_000 }, async () => {
  await using at = openPlace();
  const stop = new AbortController();
  const a = gated(at, A, { signal: stop.signal });
  await create(a.setting);
  const dying = drive(a.setting).catch(() => undefined);
  await eventually('it begins', () => a.began[0]);
  stop.abort(new Error('killed'));
  await dying;
  const b = gated(at, B);
  await create(b.setting);
  const waiting = drive(b.setting);
  await eventually('the other waits', async () => (await typesOf(at, B)).includes('runQueued'));
  const again = gated(at, A);
  const driven = drive({ ...again.setting, owner: 'test:2' });
  await eventually('it goes on', () => again.began[0]);
  assert.equal(await heldBy(at), A);
  const before = (await at.store.locks.locks())[0]?.heldBy?.expiresAt ?? 0;
  await at.journal.post(A, { type: 'pauseRequested', id: 'p', by: 'user:ada' }, 'p');
  again.go();
  assert.equal((await driven).state, 'paused');
  assert.ok(((await at.store.locks.locks())[0]?.heldBy?.expiresAt ?? 0) > before + 86_400_000, 'a run that waits for a person keeps what it holds');
  assert.deepEqual(b.began, []);
  await at.journal.post(A, { type: 'resumeRequested', id: 'r', by: 'user:ada' }, 'r');
  assert.equal((await drive(again.setting)).state, 'succeeded');
  b.go();
  assert.equal((await waiting).state, 'succeeded');
});

test('a driver that loses a lock stops, and the run waits for it before it acts again', { timeout: 60_000 }, async () => {
  await using at = openPlace();
  const a = gated(at, A, { locks: locksOf(at, A, { heldMs: 2_000 }) });
  await create(a.setting);
  // It may stop before the test comes to look.
  const stopped = assert.rejects(drive(a.setting), { code: 'LOCK_LOST' });
  await eventually('it begins', () => a.began[0]);
  await assert.rejects(unlock(session, wiringOf(at), { lock: 'hosts:web', force: false }), { code: 'LOCK_IN_USE', exitCode: 11 });
  assert.deepEqual(await unlock(session, wiringOf(at), { lock: 'hosts:web', force: true, reason: 'stuck' }), { lock: 'hosts:web', released: true, runId: A });
  const b = gated(at, B);
  await create(b.setting);
  const other = drive(b.setting);
  await eventually('the other begins', () => b.began[0]);
  await stopped;
  const again = gated(at, A);
  again.go();
  const resumed = drive(again.setting);
  await eventually('it waits', async () => (await typesOf(at, A)).includes('runQueued'));
  assert.deepEqual(again.began, []);
  b.go();
  assert.equal((await other).state, 'succeeded');
  assert.equal((await resumed).state, 'succeeded');
  const records = await at.store.audit.read({ action: 'lock.release' });
  assert.deepEqual(
    records.map(({ actor, object, details }) => [actor, object, details['runId'], details['forced'], details['reason']]),
    [['user:ada', 'hosts:web', A, true, 'stuck']],
  );
});

test('unlocking is idempotent, is for the dead, and knows what a lock is called', async () => {
  await using at = openPlace();
  await create({ journal: at.journal, graph, kinds: [], runId: A });
  await at.journal.acquire(A, 'host:1:1', 60_000);
  await locksOf(at, A).take();
  await assert.rejects(unlock(session, wiringOf(at), { lock: 'hosts:web', force: false }), { code: 'LOCK_IN_USE' });
  const dead = wiringOf(at, ['host:1:1']);
  assert.equal((await unlock(session, dead, { lock: 'hosts:web', force: false })).released, true);
  assert.equal((await unlock(session, dead, { lock: 'hosts:web', force: false })).released, false);
  await assert.rejects(unlock(session, dead, { lock: 'host:web', force: false }), { code: 'LOCK_UNKNOWN', exitCode: 6 });
  assert.equal((await at.store.audit.read()).length, 1);
});

test('a run whose process died between its end and giving its locks back holds nobody up', async () => {
  await using at = openPlace();
  await create({ journal: at.journal, graph, kinds: [], runId: A });
  await locksOf(at, A).take();
  const lease = await at.journal.acquire(A, 'x', 1_000);
  assert.ok('token' in lease);
  await at.journal.append(A, [{ type: 'runFinished', state: 'succeeded', outputs: {} }], lease, 'succeeded');
  assert.deepEqual(await locksOf(at, B).take(), { state: 'held' });
});

test('whoever waits for a lock holds none that comes later, so that runs never wait for each other, also after one has lost a lock in the middle', async () => {
  const clock = movedClock();
  await using at = openPlace(clock);
  for (const runId of [A, B]) await create({ journal: at.journal, graph, kinds: [], runId });
  const names = ['hosts:a', 'hosts:b', 'hosts:c'];
  const of = (runId: string): RunLocks => locksOf(at, runId, { names, clock });
  const a = of(A);
  assert.equal((await a.take()).state, 'held');
  await a.leave();
  const row = (await at.store.locks.locks())[0]?.heldBy;
  assert.ok(row);
  await at.store.locks.release({ lock: 'hosts:a', holder: row.holder, runId: A, token: row.token });
  const b = of(B);
  assert.deepEqual((await b.take()).state, 'waiting');
  assert.equal(await heldBy(at, 'hosts:a'), B);
  // The first one comes back: it waits for "a", and so the other gets what it needs.
  const again = of(A);
  assert.equal((await again.take()).state, 'waiting');
  assert.equal((await b.take()).state, 'held');
  await b.release();
  assert.equal((await again.take()).state, 'held');
});

test('a place in a queue lasts as long as somebody asks for it, and a lock until it expires', async () => {
  const clock = movedClock();
  await using at = openPlace(clock);
  for (const runId of [A, B, C]) await create({ journal: at.journal, graph, kinds: [], runId });
  const [a, b, c] = [A, B, C].map((runId) => locksOf(at, runId, { clock }));
  assert.ok(a && b && c);
  await a.take();
  await b.take();
  await c.take();
  clock.advance(60_000);
  await c.take();
  clock.advance(60_000); // b is dead
  const answer = await c.take();
  assert.deepEqual([answer.state, answer.state === 'waiting' && answer.wait.position], ['waiting', 1]);
  clock.advance(9 * 60_000);
  assert.deepEqual(await c.take(), { state: 'held' });
  await assert.rejects(a.heartbeat(), { code: 'LOCK_LOST' });
});
