import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreUnderTest } from './place.ts';

const TTL_MS = 30_000;

export function queueContract(store: StoreUnderTest): void {
  test('jobs are done oldest first, each once, and the same id changes nothing, also after the end', async () => {
    await using at = await store.place();
    const names: string[] = [];
    const { queues } = await at.open({ onBoundary: (name) => names.push(name) });
    const accepted = await Promise.all(['a', 'b', 'a', 'c'].map((id, n) => queues.enqueue('q', { id, payload: { n } })));
    assert.deepEqual(
      accepted.map(({ fresh }) => fresh),
      [true, true, false, true],
    );
    assert.ok(names.filter((name) => name === 'before enqueue').length <= 2, 'they share a transaction');
    for (const [id, n] of [
      ['a', 0],
      ['b', 1],
      ['c', 3],
    ] as const) {
      const claim = await queues.claim('q', 'w:1', TTL_MS);
      assert.deepEqual([claim?.id, claim?.payload, claim?.attempt], [id, { n }, 1]);
      if (claim) await queues.finish(claim, { ok: true });
      if (claim) await queues.finish(claim, { ok: true });
    }
    assert.equal(await queues.claim('q', 'w:1', TTL_MS), undefined);
    assert.deepEqual(await queues.enqueue('q', { id: 'a', payload: {} }), { fresh: false, state: 'done' });
    assert.deepEqual((await queues.peek('q'))[0]?.outcome, { ok: true });
    assert.equal(await queues.sweep(Date.now() - 3_600_000), 0);
    assert.equal(await queues.sweep(Date.now() + 3_600_000), 3);
    assert.deepEqual(await queues.enqueue('q', { id: 'a', payload: {} }), { fresh: true, state: 'ready' });
  });

  test('what fails in company keeps nothing, and the others are kept', async () => {
    await using at = await store.place();
    const { queues, documents, audit } = await at.open();
    const { version } = await documents.put('c', 'k', 1);
    const claims = await Promise.all(['a', 'b'].map(async (id) => ({ ...(await queues.enqueue('q', { id, payload: id })), id })));
    assert.ok(claims.every(({ fresh }) => fresh));
    const claim = await queues.claim('q', 'w:1', TTL_MS);
    assert.ok(claim);
    const ends = await Promise.allSettled([
      documents.put('c', 'k', 2, { ifVersion: version }),
      documents.put('c', 'k', 3, { ifVersion: version }),
      queues.finish({ ...claim, token: claim.token + 1 }, 'somebody else'),
      queues.finish(claim, 'good'),
      queues.enqueue('q', { id: 'c', payload: null }),
      audit.append({ actor: 'system', action: 'a', object: 'o' }),
    ]);
    const codeOf = (reason: unknown): unknown => (reason as { readonly code?: string }).code; // what we throw has one
    const said = ends.map((end) => (end.status === 'fulfilled' ? 'kept' : codeOf(end.reason)));
    assert.equal(said.filter((each) => each === 'STORE_CONFLICT').length, 1, 'one of two writers of one version');
    assert.deepEqual(said.slice(2), ['STORE_FENCED', 'kept', 'kept', 'kept']);
    const states = (await queues.peek('q')).map(({ id, state, outcome }) => `${id} ${state} ${JSON.stringify(outcome)}`);
    assert.deepEqual(states, ['b ready undefined', 'c ready undefined', 'a done "good"']);
    assert.deepEqual(await audit.verify().then(({ ok }) => ok), true);
  });

  test('many workers share the jobs, and none is done twice', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).queues, (await at.open()).queues];
    await Promise.all(Array.from({ length: 30 }, (_, n) => one.enqueue('q', { id: `j${n}`, payload: n })));
    const done: string[] = [];
    await Promise.all(
      Array.from({ length: 6 }, async (_, worker) => {
        const queues = worker % 2 ? one : two;
        // A claim that passes over rows others are taking may find nothing for a moment.
        for (let idle = 0; idle < 20;) {
          const claim = await queues.claim('q', `w:${worker}`, TTL_MS);
          idle = claim ? 0 : idle + 1;
          if (claim) done.push(claim.id);
          if (claim) await queues.finish(claim, null);
        }
      }),
    );
    assert.equal(done.length, 30);
    assert.equal(new Set(done).size, 30);
  });

  test('jobs of one order key are done one after the other; others go on', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).queues, (await at.open()).queues];
    for (const [id, orderKey] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
      ['x', undefined],
    ] as const)
      await one.enqueue('q', { id, payload: null, ...(orderKey === undefined ? {} : { orderKey }) });
    const claims = [
      await one.claim('q', 'w:1', TTL_MS),
      await two.claim('q', 'w:2', TTL_MS),
      await one.claim('q', 'w:3', TTL_MS),
      await two.claim('q', 'w:4', TTL_MS),
    ];
    assert.deepEqual(
      claims.map((claim) => claim?.id),
      ['a1', 'b1', 'x', undefined],
    );
    const [first] = claims;
    assert.ok(first);
    // A job that is to be tried again still comes before what was accepted after it.
    assert.equal(await one.fail(first, { retryAt: Date.now() + 60_000, reason: 'later' }), 'ready');
    assert.equal(await two.claim('q', 'w:2', TTL_MS), undefined);
    await at.later(61_000);
    const again = await two.claim('q', 'w:2', TTL_MS);
    assert.deepEqual([again?.id, again?.attempt], ['a1', 2]);
    if (again) await two.finish(again, null);
    assert.equal((await one.claim('q', 'w:1', TTL_MS))?.id, 'a2');
  });

  test('a claim that is not renewed is given to somebody else, and its first owner is fenced off', async () => {
    await using at = await store.place();
    const [one, two] = [(await at.open()).queues, (await at.open()).queues];
    await one.enqueue('q', { id: 'j', payload: 1 });
    const first = await one.claim('q', 'w:1', TTL_MS);
    assert.ok(first);
    await at.later(TTL_MS - 5_000);
    await one.heartbeat(first, TTL_MS);
    await at.later(10_000);
    assert.equal(await two.claim('q', 'w:2', TTL_MS), undefined, 'the heartbeat counts');
    await at.later(TTL_MS);
    const second = await two.claim('q', 'w:2', TTL_MS);
    assert.ok(second && second.token > first.token);
    const fenced = { code: 'STORE_FENCED' };
    await assert.rejects(one.heartbeat(first, TTL_MS), fenced);
    await assert.rejects(one.finish(first, null), fenced);
    await assert.rejects(one.fail(first, { retryAt: 0, reason: 'x' }), fenced);
    await two.finish(second, null);
    await assert.rejects(one.finish(first, null), fenced);
    await assert.rejects(two.fail(second, { retryAt: 0, reason: 'x' }), fenced);
  });

  test('a job is dead after its last attempt, whether it failed or its worker was lost, and can be revived', async () => {
    await using at = await store.place();
    const { queues } = await at.open();
    await queues.enqueue('q', { id: 'fails', payload: 1, maxAttempts: 2 });
    await queues.enqueue('q', { id: 'kills', payload: 2, maxAttempts: 1 });
    for (const state of ['ready', 'dead'] as const) {
      const claim = await queues.claim('q', 'w:1', TTL_MS);
      assert.ok(claim);
      assert.equal(await queues.fail(claim, { retryAt: 0, reason: 'no' }), state);
    }
    assert.equal((await queues.claim('q', 'w:1', TTL_MS))?.id, 'kills');
    await at.later(TTL_MS + 1);
    assert.equal(await queues.claim('q', 'w:2', TTL_MS), undefined);
    const dead = await queues.peek('q', { states: ['dead'] });
    assert.deepEqual(
      dead.map(({ id, reason }) => [id, reason]),
      [
        ['fails', 'no'],
        ['kills', 'its worker was lost in the last attempt'],
      ],
    );
    await queues.enqueue('q', { id: 'next', payload: 3 });
    await assert.rejects(queues.revive('q', 'next'), { code: 'JOB_NOT_DEAD' });
    await queues.revive('q', 'fails');
    assert.equal((await queues.claim('q', 'w:2', TTL_MS))?.id, 'next', 'a revived job goes to the end');
    const revived = await queues.claim('q', 'w:2', TTL_MS);
    assert.deepEqual([revived?.id, revived?.attempt], ['fails', 1]);
    assert.ok(revived);
    assert.equal(await queues.fail(revived, { retryAt: 'never', reason: 'hopeless' }), 'dead');
  });

  test('a job waits for its time, and operators see how many there are of each', async () => {
    await using at = await store.place();
    const { queues } = await at.open();
    await queues.enqueue('q', { id: 'later', payload: 1, notBefore: Date.now() + 60_000 });
    await queues.enqueue('q', { id: 'now', payload: 2 });
    await queues.enqueue('p', { id: 'done', payload: 3 });
    assert.equal((await queues.claim('q', 'w:1', TTL_MS))?.id, 'now');
    assert.equal(await queues.claim('q', 'w:1', TTL_MS), undefined);
    const ended = await queues.claim('p', 'w:1', TTL_MS);
    if (ended) await queues.finish(ended, null);
    const counts = (await queues.counts()).map(({ oldestAt, ...rest }) => ({ ...rest, isOld: oldestAt !== undefined }));
    assert.deepEqual(counts, [
      { queue: 'p', ready: 0, delayed: 0, claimed: 0, done: 1, dead: 0, isOld: false },
      { queue: 'q', ready: 0, delayed: 1, claimed: 1, done: 0, dead: 0, isOld: true },
    ]);
    const peeked = await queues.peek('q');
    assert.deepEqual(
      peeked.map(({ id, state, claim }) => [id, state, claim?.owner]),
      [
        ['later', 'ready', undefined],
        ['now', 'claimed', 'w:1'],
      ],
    );
    await at.later(61_000);
    assert.equal((await queues.claim('q', 'w:2', TTL_MS))?.id, 'later');
  });
}
