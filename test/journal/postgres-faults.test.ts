import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/core/index.ts';
import { type Journal, openPostgresJournal, type PostgresJournalOptions } from '../../src/journal/index.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { loseAnswer, loseCommit, onCommit } from '../support/lost-commit.ts';
import { type Proxy, startProxy } from '../support/proxy.ts';
import { type Body, leaseOf, RUN, VAULT_KEY } from './contract/place.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

let schemas = 0;
interface Faulty extends AsyncDisposable {
  readonly journal: Journal<Body>;
  readonly proxy: Proxy;
  readonly schema: string;
  /** Past the proxy. */
  readonly direct: Journal<Body>;
}
/** A journal that is reached through a bad network, and the same one directly. */
async function faulty(options: Partial<PostgresJournalOptions> = {}): Promise<Faulty> {
  if (!server) throw new Error(missing);
  const proxy = await startProxy(server.port);
  const schema = `faults_${++schemas}`;
  const connection = server.connection('postgres', schema);
  const common = { clock: systemClock, vaultKey: VAULT_KEY };
  const journal = await openPostgresJournal<Body>({ ...common, connection: { ...connection, port: proxy.port }, ...options });
  const direct = await openPostgresJournal<Body>({ ...common, connection });
  await journal.create(RUN, { type: 'first' });
  return {
    ...{ journal, proxy, schema, direct },
    [Symbol.asyncDispose]: async () => {
      proxy.cut();
      await journal[Symbol.asyncDispose]();
      await direct[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

describe('faults between us and PostgreSQL', { skip: missing ?? false }, () => {
  for (const [name, lose] of [
    ['the answer to COMMIT', loseAnswer],
    ['COMMIT itself', loseCommit],
  ] as const) {
    test(`${name} is lost: an append is there once, and told as it is`, { timeout: 30_000 }, async () => {
      await using at = await faulty();
      const lease = await leaseOf(at.journal);
      lose(at.proxy);
      const written = await at.journal.append(
        RUN.id,
        [
          { type: 'x', n: 1 },
          { type: 'x', n: 2 },
        ],
        lease,
      );
      assert.deepEqual(await at.direct.read(RUN.id, 1), written);
      assert.equal((await at.direct.verify(RUN.id)).ok, true);
    });

    test(`${name} is lost: a post is fresh and once, a lease is ours, lines are there once, a secret opens`, { timeout: 30_000 }, async () => {
      await using at = await faulty();
      lose(at.proxy);
      assert.deepEqual(await at.journal.post(RUN.id, { type: 'p' }, 'id'), { seq: 2, fresh: true });
      lose(at.proxy);
      const lease = await leaseOf(at.journal);
      await at.journal.append(RUN.id, [{ type: 'x' }], lease);
      lose(at.proxy);
      await at.journal.log([{ runId: RUN.id, path: 'a', attempt: 1, at: 1, stream: 'stdout', text: 'once' }]);
      assert.equal((await at.direct.logs(RUN.id)).length, 1);
      lose(at.proxy);
      const other = { ...RUN, id: 'run-20261123-0000000001' };
      await at.journal.create(other, { type: 'first' });
      assert.equal((await at.direct.read(other.id)).length, 1);
      lose(at.proxy);
      const digest = await at.journal.putEvidence(RUN.id, Buffer.from('result'));
      assert.ok(await at.direct.evidence(digest));
      assert.deepEqual(await at.journal.post(RUN.id, { type: 'p' }, 'id'), { seq: 2, fresh: false });
    });
  }

  test('connections that are cut again and again lose and double nothing', { timeout: 60_000 }, async () => {
    await using at = await faulty();
    const lease = await leaseOf(at.journal);
    let cuts = 0;
    const cutting = setInterval(() => {
      cuts += 1;
      at.proxy.cut();
    }, 97);
    using _cutting = { [Symbol.dispose]: () => clearInterval(cutting) };
    const told: number[] = [];
    for (let n = 0; n < 40; n++) {
      if (cuts > 20) clearInterval(cutting);
      const [events, { seq, fresh }] = await Promise.all([
        at.journal.append(RUN.id, [{ type: 'x', n }], lease),
        at.journal.post(RUN.id, { type: 'p', n }, `p${n}`),
      ]);
      assert.equal(fresh, true);
      told.push(events[0]?.seq ?? 0, seq);
    }
    assert.ok(cuts > 0);
    clearInterval(cutting);
    const events = await at.direct.read(RUN.id, 1);
    assert.equal(events.length, 80);
    assert.deepEqual(
      [...told].sort((a, b) => a - b),
      events.map(({ seq }) => seq),
    );
    for (const [index, seq] of told.entries()) assert.deepEqual(events[seq - 2]?.body, { type: index % 2 === 0 ? 'x' : 'p', n: Math.floor(index / 2) });
    assert.equal((await at.direct.verify(RUN.id)).ok, true);
  });

  test('a database that restarts in the middle is waited for', { timeout: 60_000 }, async () => {
    await using at = await faulty();
    const lease = await leaseOf(at.journal);
    const writing = (async () => {
      for (let n = 0; n < 60; n++) {
        await at.journal.append(RUN.id, [{ type: 'x', n }], lease);
        if (n % 20 === 10) await at.journal.heartbeat(lease, 60_000);
      }
    })();
    for (const how of ['immediate', 'fast'] as const) {
      await delay(60);
      await server?.stop(how);
      await delay(100);
      await server?.start();
    }
    await writing;
    assert.deepEqual(
      (await at.direct.read(RUN.id, 1)).map(({ body }) => body.n),
      Array.from({ length: 60 }, (_, n) => n),
    );
    assert.equal((await at.direct.verify(RUN.id)).ok, true);
  });

  test('a database that stays away is JOURNAL_IO, and whether the last commit took effect is called unknown', { timeout: 30_000 }, async () => {
    await using at = await faulty({ patienceMs: 400 });
    const lease = await leaseOf(at.journal);
    onCommit(at.proxy, () => {
      at.proxy.refuse(true);
      at.proxy.toClient = 'hold';
      setTimeout(() => at.proxy.cut(), 50);
    });
    await assert.rejects(at.journal.append(RUN.id, [{ type: 'x' }], lease), {
      code: 'JOURNAL_IO',
      message: /whether that was recorded is not known/,
      retry: 'pauseForHuman',
    });
    await assert.rejects(
      at.journal.append(RUN.id, [{ type: 'y' }], lease),
      (thrown: Error) => 'code' in thrown && thrown.code === 'JOURNAL_IO' && !/not known/.test(thrown.message),
    );
    at.proxy.toClient = 'pass';
    at.proxy.refuse(false);
    await at.journal.append(RUN.id, [{ type: 'z' }], lease);
    assert.deepEqual(
      (await at.direct.read(RUN.id)).map(({ body }) => body.type),
      ['first', 'x', 'z'],
    );
  });

  test('a connection that says nothing any more is given up, and the work done on another one', { timeout: 30_000 }, async () => {
    await using at = await faulty({ answerMs: 300 });
    const lease = await leaseOf(at.journal);
    onCommit(at.proxy, () => {
      at.proxy.toClient = 'hold';
      setTimeout(() => void (at.proxy.toClient = 'pass'), 200);
    });
    const [event] = await at.journal.append(RUN.id, [{ type: 'x' }], lease);
    assert.deepEqual(await at.direct.read(RUN.id, 1), [event]);
  });

  test('a follower whose connection is lost hears again, and misses nothing', { timeout: 30_000 }, async () => {
    await using at = await faulty();
    const stop = AbortSignal.timeout(20_000);
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of at.journal.follow(RUN.id, 0, stop)) {
        seen.push(seq);
        if (seq === 13) break;
      }
    })();
    for (let n = 0; n < 12; n++) {
      await at.direct.post(RUN.id, { type: 'p', n }, `p${n}`);
      if (n % 3 === 0) at.proxy.cut();
      await delay(30);
    }
    await following;
    assert.deepEqual(
      seen,
      Array.from({ length: 13 }, (_, n) => n + 1),
    );
  });

  test('a full disk is JOURNAL_FULL and a standby JOURNAL_READ_ONLY; reading goes on, and so does writing afterwards', { timeout: 30_000 }, async () => {
    await using at = await faulty();
    const lease = await leaseOf(at.journal);
    const raise = `CREATE FUNCTION ${at.schema}.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$`;
    await server?.sql(`${raise}; CREATE TRIGGER no_room BEFORE INSERT ON ${at.schema}.events FOR EACH ROW EXECUTE FUNCTION ${at.schema}.no_room()`);
    await assert.rejects(at.journal.append(RUN.id, [{ type: 'x' }], lease), { code: 'JOURNAL_FULL', retry: 'pauseForHuman' });
    await server?.sql(`DROP TRIGGER no_room ON ${at.schema}.events; ALTER ROLE slipway_test SET default_transaction_read_only = on`);
    at.proxy.cut();
    await assert.rejects(at.journal.append(RUN.id, [{ type: 'y' }], lease), { code: 'JOURNAL_READ_ONLY', retry: 'pauseForHuman' });
    assert.equal((await at.journal.read(RUN.id)).length, 1);
    await server?.sql('ALTER ROLE slipway_test RESET default_transaction_read_only');
    at.proxy.cut();
    await at.journal.append(RUN.id, [{ type: 'z' }], lease);
    assert.deepEqual(await at.journal.verify(RUN.id), await at.direct.verify(RUN.id));
  });

  test('a lock that is never given is JOURNAL_BUSY, for this run only', { timeout: 40_000 }, async () => {
    await using at = await faulty({ answerMs: 2_000 });
    const lease = await leaseOf(at.journal);
    const holding = server?.sql(`BEGIN; SELECT 1 FROM ${at.schema}.runs FOR UPDATE; SELECT pg_sleep(2); COMMIT`);
    await delay(300);
    await assert.rejects(at.journal.append(RUN.id, [{ type: 'x' }], lease), { code: 'JOURNAL_BUSY', retry: 'afterBackoff' });
    await holding;
    await at.journal.append(RUN.id, [{ type: 'x' }], lease);
  });
});
