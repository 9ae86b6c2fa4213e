import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseOf, RUN, type StoreUnderTest } from './place.ts';

const TTL_MS = 30_000;

export function leaseContract(store: StoreUnderTest): void {
  test('a lease: held, renewed, expired, taken over, fenced, released', async () => {
    await using at = await store.place();
    const [first, second] = [await at.open(), await at.open()];
    await first.create(RUN, { type: 'first' });
    const lease = await leaseOf(first, 'a:1', TTL_MS);
    const held = await second.acquire(RUN.id, 'b:2', TTL_MS);
    assert.ok('heldBy' in held && held.heldBy === 'a:1');
    await at.later(TTL_MS - 5_000);
    await first.heartbeat(lease, TTL_MS);
    await at.later(10_000);
    assert.ok('heldBy' in (await second.acquire(RUN.id, 'b:2', TTL_MS)), 'the heartbeat counts');
    await at.later(TTL_MS);
    const taken = await leaseOf(second, 'b:2', TTL_MS);
    assert.equal(taken.token, lease.token + 1);
    const fenced = { code: 'JOURNAL_FENCED' };
    await assert.rejects(first.append(RUN.id, [{ type: 'late' }], lease), fenced);
    await assert.rejects(first.heartbeat(lease, TTL_MS), fenced);
    await assert.rejects(first.setState(RUN.id, 'running', lease), fenced);
    await first.release(lease); // of a lease that is not held any more: changes nothing
    assert.equal((await first.run(RUN.id))?.lease?.owner, 'b:2');
    await second.release(taken);
    assert.equal((await first.run(RUN.id))?.lease, undefined);
    assert.equal((await leaseOf(first)).token, taken.token + 1, 'a token is never used twice');
    await assert.rejects(first.acquire('run-20261123-zzzzzzzzzz', 'a:1', TTL_MS), { code: 'RUN_NOT_FOUND' });
  });

  test('a lease says until when, in the time of whoever asks', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    await leaseOf(journal, 'a:1', TTL_MS);
    const told = await journal.acquire(RUN.id, 'b:2', TTL_MS);
    const expiresAt = [(await journal.run(RUN.id))?.lease?.expiresAt ?? 0, 'heldBy' in told ? told.expiresAt : 0];
    for (const one of expiresAt) assert.ok(Math.abs(one - Date.now() - TTL_MS) < TTL_MS / 2, String(one - Date.now()));
  });

  test('a holder that comes back before anybody else has come keeps its lease', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const lease = await leaseOf(journal, 'a:1', TTL_MS);
    await at.later(10 * TTL_MS);
    await journal.heartbeat(lease, TTL_MS);
    await journal.append(RUN.id, [{ type: 'x' }], lease);
    assert.ok('heldBy' in (await journal.acquire(RUN.id, 'b:2', TTL_MS)));
  });

  test('a clock that goes back does not let a dead holder keep its lease for longer than its time', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const lease = await leaseOf(journal, 'a:1', TTL_MS);
    await at.later(-3_600_000);
    const held = await journal.acquire(RUN.id, 'b:2', TTL_MS);
    assert.ok('heldBy' in held);
    await at.later(TTL_MS - 5_000);
    await journal.heartbeat(lease, TTL_MS);
    await at.later(10_000);
    assert.ok('heldBy' in (await journal.acquire(RUN.id, 'b:2', TTL_MS)), 'a live holder goes on');
    await at.later(TTL_MS);
    assert.ok('token' in (await journal.acquire(RUN.id, 'b:2', TTL_MS)));
  });

  test('a lease of a process that is dead for certain is taken before it expires', async () => {
    await using at = await store.place();
    const journal = await at.open({ isDead: (owner) => owner === 'dead:1' });
    await journal.create(RUN, { type: 'first' });
    await leaseOf(journal, 'dead:1');
    assert.equal((await leaseOf(journal, 'b:2')).owner, 'b:2');
  });

  test('of many who ask at once, one gets it', async () => {
    await using at = await store.place();
    const [one, two] = [await at.open(), await at.open()];
    await one.create(RUN, { type: 'first' });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? one : two).acquire(RUN.id, `p:${n}`, TTL_MS)));
    assert.equal(answers.filter((answer) => 'token' in answer).length, 1);
  });
}
