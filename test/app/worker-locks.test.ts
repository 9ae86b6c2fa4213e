import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session, Wiring } from '../../src/app/index.ts';
import { createWorkerLocks } from '../../src/app/worker-locks.ts';
import { createMasker } from '../../src/core/index.ts';
import type { WorkerLocks } from '../../src/engine/index.ts';
import type { PlanGraph } from '../../src/plan/index.ts';
import { record } from '../engine/conformance/rig.ts';
import { graphOf, hostRule, node } from '../engine/support.ts';
import { movedClock, openPlace, type Place } from './operate/place.ts';

const [A, B, CHILD] = ['run-20261123-aaaaaaaaaa', 'run-20261123-bbbbbbbbbb', 'run-20261123-cccccccccc'];
const DAY_MS = 86_400_000;
const session: Session = {
  ...{ actor: 'user:ada', teams: [], root: '/', stateDir: '/', masker: createMasker(), notice: () => undefined },
  signal: new AbortController().signal,
};
const ON_HOSTS: PlanGraph = graphOf([node('one/a', { uses: 'ssh.run', hosts: hostRule(['h1', 'h2']) })]);

/** What one worker of several has; they share nothing but the store. */
function workerOf({ journal, store, clock }: Place & { readonly clock: ReturnType<typeof movedClock> }): WorkerLocks {
  const wiring: Pick<Wiring, 'clock' | 'journal' | 'backend'> = { clock, journal: async () => journal, backend: 'file:///state' };
  return createWorkerLocks(session, wiring as Wiring, store); // all that it needs of it
}

async function place() {
  const clock = movedClock();
  const at = { ...openPlace(clock), clock };
  for (const runId of [A, B]) await record(at.journal, { runId, graph: ON_HOSTS });
  return at;
}
async function held(locks: WorkerLocks, runId: string) {
  const taken = await locks.take(runId);
  assert.ok(taken.state === 'held', JSON.stringify(taken));
  return taken.proof;
}

test('what one worker took for a run, every other one may show; who waits is told for whom', async () => {
  await using at = await place();
  const [one, two] = [workerOf(at), workerOf(at)];
  const proof = await held(one, A);
  assert.deepEqual(await held(two, A), proof);
  await two.prove(proof);
  const waiting = await two.take(B);
  assert.ok(waiting.state === 'waiting');
  assert.deepEqual([waiting.wait.lock, waiting.wait.heldBy?.runId, waiting.wait.position], ['hosts:h1', A, 1]);
  await two.release(A);
  await held(two, B);
  await assert.rejects(one.prove(proof), { code: 'LOCK_LOST' });
});

test('what was taken away counts no more, also when the run itself has it again meanwhile', async () => {
  await using at = await place();
  const locks = workerOf(at);
  const proof = await held(locks, A);
  const [first] = await at.store.locks.heldBy(proof);
  assert.ok(first);
  await at.store.locks.release(first);
  await assert.rejects(locks.prove(proof), { code: 'LOCK_LOST' });
  const again = await held(locks, A);
  await locks.prove(again);
  await assert.rejects(locks.prove(proof), { code: 'LOCK_LOST' }, 'whoever had it in between may have acted');
});

test('a lock lasts a week from the last step that acted under it, and no longer', async () => {
  await using at = await place();
  const locks = workerOf(at);
  const proof = await held(locks, A);
  at.clock.advance(6 * DAY_MS);
  await locks.prove(proof);
  at.clock.advance(6 * DAY_MS);
  assert.equal((await workerOf(at).take(B)).state, 'waiting');
  await locks.prove(proof);
  at.clock.advance(8 * DAY_MS);
  await assert.rejects(locks.prove(proof), { code: 'LOCK_LOST' });
});

test('a called run acts under the locks of its caller, and does not give them back', async () => {
  await using at = await place();
  await record(at.journal, { runId: CHILD, graph: ON_HOSTS, parent: { runId: A, path: 'one/call' } });
  const locks = workerOf(at);
  const proof = await held(locks, A);
  assert.equal(await locks.areNeeded(CHILD), true);
  assert.deepEqual(await held(locks, CHILD), proof);
  await locks.release(CHILD);
  await locks.prove(proof);
});

test('a run that only looks needs nothing; one that ended while it was asked for keeps nothing', async () => {
  await using at = await place();
  await record(at.journal, { runId: CHILD, graph: graphOf([node('one/a', { uses: 'check.http' })]) });
  const locks = workerOf(at);
  assert.equal(await locks.areNeeded(CHILD), false);
  const lease = await at.journal.acquire(A, 'x', 1_000);
  assert.ok('token' in lease);
  await at.journal.append(A, [{ type: 'runFinished', state: 'cancelled', outputs: {} }], lease, 'cancelled');
  await assert.rejects(locks.take(A), { code: 'RUN_OVER' });
  assert.deepEqual(await at.store.locks.locks(), []);
});
