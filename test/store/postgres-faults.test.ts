import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { openPostgresStore, type Store } from '../../src/store/index.ts';
import { loseAnswer, loseCommit } from '../support/lost-commit.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { type Proxy, startProxy } from '../support/proxy.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

let schemas = 0;
async function faulty(): Promise<{ readonly store: Store; readonly direct: Store; readonly proxy: Proxy } & AsyncDisposable> {
  if (!server) throw new Error(missing);
  const proxy = await startProxy(server.port);
  const connection = server.connection('postgres', `faults_${++schemas}`);
  const direct = await openPostgresStore({ clock: systemClock, connection });
  const store = await openPostgresStore({ clock: systemClock, connection: { ...connection, port: proxy.port } });
  return {
    ...{ store, direct, proxy },
    [Symbol.asyncDispose]: async () => {
      proxy.cut();
      await store[Symbol.asyncDispose]();
      await direct[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

describe('a store whose connection is lost', { skip: missing ?? false }, () => {
  for (const [name, lose] of [
    ['the answer to COMMIT', loseAnswer],
    ['COMMIT itself', loseCommit],
  ] as const) {
    test(`${name} is lost: documents`, { timeout: 30_000 }, async () => {
      await using at = await faulty();
      lose(at.proxy);
      const { version } = await at.store.documents.put('c', 'k', 1, { ifVersion: 0 });
      assert.equal((await at.direct.documents.get('c', 'k'))?.version, version);
      lose(at.proxy);
      await at.store.documents.delete('c', 'k', { ifVersion: version });
      assert.equal(await at.direct.documents.get('c', 'k'), undefined);
    });

    test(`${name} is lost: jobs`, { timeout: 30_000 }, async () => {
      await using at = await faulty();
      const { queues } = at.store;
      lose(at.proxy);
      assert.deepEqual(await queues.enqueue('q', { id: 'j', payload: 1, orderKey: 'o' }), { fresh: true, state: 'ready' });
      lose(at.proxy);
      const claim = await queues.claim('q', 'w:1', 60_000);
      assert.deepEqual([claim?.id, claim?.attempt], ['j', 1]);
      assert.ok(claim);
      lose(at.proxy);
      assert.equal(await queues.fail(claim, { retryAt: 0, reason: 'again' }), 'ready');
      const again = await queues.claim('q', 'w:1', 60_000);
      assert.equal(again?.attempt, 2);
      lose(at.proxy);
      if (again) await queues.finish(again, 'well');
      assert.deepEqual(
        (await at.direct.queues.peek('q')).map(({ state, attempts, outcome }) => [state, attempts, outcome]),
        [['done', 2, 'well']],
      );
    });

    test(`${name} is lost: locks and the audit`, { timeout: 30_000 }, async () => {
      await using at = await faulty();
      lose(at.proxy);
      const held = await at.store.locks.acquire('l', { holder: 'h', runId: 'r', ttlMs: 60_000, queue: true });
      assert.ok(held.state === 'held');
      assert.equal((await at.direct.locks.locks())[0]?.heldBy?.token, held.token);
      lose(at.proxy);
      const record = await at.store.audit.append({ actor: 'user:ada', action: 'a', object: 'o' });
      assert.deepEqual(await at.direct.audit.read(), [record]);
      assert.equal((await at.direct.audit.verify()).ok, true);
    });
  }

  test('a write that somebody else has written over since is still told as it was', { timeout: 30_000 }, async () => {
    await using at = await faulty();
    loseAnswer(at.proxy);
    const ours = at.store.documents.put('c', 'k', 'ours', { ifVersion: 0 });
    // Between the commit and the look whether it took effect.
    for (let tries = 0; (await at.direct.documents.get('c', 'k')) === undefined; tries++) assert.ok(tries < 1_000);
    const theirs = await at.direct.documents.put('c', 'k', 'theirs');
    assert.ok((await ours).version < theirs.version);
    assert.equal((await at.direct.documents.get('c', 'k'))?.value, 'theirs');
  });
});
