import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LockAnswer, Locks } from '../../../src/store/index.ts';
import type { StoreUnderTest } from './place.ts';

const TTL_MS = 30_000;
const asks = (locks: Locks, runId: string, queue = true): Promise<LockAnswer> =>
  locks.acquire('prod/erp', { holder: `h:${runId}`, runId, ttlMs: TTL_MS, queue });

function held(answer: LockAnswer): Extract<LockAnswer, { state: 'held' }> {
  if (answer.state !== 'held') throw new Error(`not held: ${JSON.stringify(answer)}`);
  return answer;
}

export function lockContract(store: StoreUnderTest): void {
  test('a lock is given first come, first served; everybody sees who has it and where they stand', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).locks, (await at.open()).locks];
    const first = held(await asks(one, 'r1'));
    const second = await asks(two, 'r2');
    assert.ok(second.state === 'waiting' && second.position === 1 && second.heldBy?.runId === 'r1' && second.heldBy.holder === 'h:r1');
    const third = await asks(one, 'r3');
    assert.ok(third.state === 'waiting' && third.position === 2);
    assert.ok((await asks(two, 'r4', false)).state === 'refused');
    assert.deepEqual(
      (await two.waiters('prod/erp')).map(({ runId, position }) => [runId, position]),
      [
        ['r2', 1],
        ['r3', 2],
      ],
    );
    assert.deepEqual(
      (await one.locks()).map(({ lock, heldBy, waiting }) => [lock, heldBy?.runId, waiting]),
      [['prod/erp', 'r1', 2]],
    );
    assert.equal(held(await asks(one, 'r1')).token, first.token, 'asked again, it is the same');
    await one.release(first);
    await one.release(first);
    assert.ok((await asks(one, 'r3')).state === 'waiting', 'not its turn');
    assert.ok((await asks(one, 'r4', false)).state === 'refused', 'nor of whoever comes now');
    const next = held(await asks(two, 'r2'));
    assert.ok(next.token > first.token);
    await one.release(first);
    assert.equal((await one.locks())[0]?.heldBy?.runId, 'r2', 'releasing what has passed on changes nothing');
    await two.release(next);
    assert.equal(held(await asks(one, 'r3')).runId, 'r3');
  });

  test('a lock is never taken away before it has expired; then its old holder is fenced off', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).locks, (await at.open()).locks];
    const first = held(await asks(one, 'r1'));
    await at.later(TTL_MS - 5_000);
    assert.ok((await asks(two, 'r2')).state === 'waiting');
    await one.heartbeat(first, TTL_MS);
    await at.later(10_000);
    assert.ok((await asks(two, 'r2')).state === 'waiting');
    await at.later(TTL_MS - 5_000);
    const second = held(await asks(two, 'r2'));
    assert.ok(second.token > first.token);
    await assert.rejects(one.heartbeat(first, TTL_MS), { code: 'STORE_FENCED' });
    assert.ok((await asks(one, 'r1')).state === 'waiting');
  });

  test('what somebody holds is listed by name, and only that, and not any more when its time is over', async () => {
    await using at = await store.place();
    const { locks } = await at.open();
    const me = { holder: 'user:ada', runId: 'r1', ttlMs: TTL_MS, queue: true };
    const [b, a] = [held(await locks.acquire('stack:b', me)), held(await locks.acquire('hosts:a', me))];
    await locks.acquire('hosts:other', { ...me, runId: 'r2' });
    await locks.acquire('hosts:a', { ...me, runId: 'r2' });
    assert.deepEqual(
      (await locks.heldBy(me)).map(({ lock, holder, runId, token }) => [lock, holder, runId, token]),
      [
        ['hosts:a', 'user:ada', 'r1', a.token],
        ['stack:b', 'user:ada', 'r1', b.token],
      ],
    );
    assert.deepEqual(await locks.heldBy({ ...me, holder: 'user:bo' }), []);
    await locks.release(b);
    assert.deepEqual(
      (await locks.heldBy(me)).map(({ lock }) => lock),
      ['hosts:a'],
    );
    await at.later(TTL_MS + 5_000);
    assert.deepEqual(await locks.heldBy(me), []);
  });

  test('who does not ask again loses its place, and who withdraws gives it up', async () => {
    await using at = await store.place();
    const { locks } = await at.open();
    const first = held(await asks(locks, 'r1'));
    for (const run of ['r2', 'r3', 'r4']) await asks(locks, run);
    await locks.withdraw('prod/erp', { holder: 'h:r3', runId: 'r3' });
    await at.later(TTL_MS - 5_000);
    await locks.heartbeat(first, 2 * TTL_MS);
    assert.ok((await asks(locks, 'r4')).state === 'waiting');
    await at.later(10_000);
    assert.deepEqual(
      (await locks.waiters('prod/erp')).map(({ runId }) => runId),
      ['r4'],
    );
    await locks.release(first);
    assert.equal(held(await asks(locks, 'r4')).runId, 'r4');
    await locks.release(held(await asks(locks, 'r4')));
    assert.deepEqual(await locks.locks(), []);
  });

  test('of many who ask at once, one gets it and the others stand in line, each in a place of its own', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).locks, (await at.open()).locks];
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => asks(n % 2 ? one : two, `r${n}`)));
    assert.equal(answers.filter(({ state }) => state === 'held').length, 1);
    const places = answers.flatMap((answer) => (answer.state === 'waiting' ? [answer.position] : []));
    assert.deepEqual(
      places.sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    const line = (await one.waiters('prod/erp')).map(({ runId }) => runId);
    const order: string[] = [];
    for (let current = answers.find((answer) => answer.state === 'held'); current?.state === 'held';) {
      order.push(current.runId);
      await one.release(current);
      const waiting = await one.waiters('prod/erp');
      const asked = await Promise.all(waiting.map(({ runId }) => asks(one, runId)));
      current = asked.find((answer) => answer.state === 'held');
    }
    assert.deepEqual(order.slice(1), line);
  });
}
