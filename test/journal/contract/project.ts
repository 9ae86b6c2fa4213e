import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Body, leaseOf, RUN, type StoreUnderTest } from './place.ts';

const EVENTS = Array.from({ length: 12 }, (_, n) => ({ seq: n + 2, at: 5_000 + n, body: { type: 'x', n } satisfies Body }));

export function projectContract(store: StoreUnderTest): void {
  test('events of another engine keep their numbers and times, and are written once however often they come', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const lease = await leaseOf(journal);
    const written = [
      await journal.project(lease, EVENTS.slice(0, 5), { state: 'running' }),
      await journal.project(lease, EVENTS.slice(0, 5), { state: 'running' }),
      await journal.project(lease, EVENTS.slice(3), { state: 'succeeded' }),
      await journal.project(lease, EVENTS.slice(0, 4), { state: 'running' }),
    ];
    const stored = await journal.read(RUN.id, 1);
    assert.deepEqual(
      written.map((events) => events.length),
      [5, 0, 7, 0],
    );
    assert.deepEqual(written.flat(), stored, 'each event is told by the message that wrote it');
    assert.deepEqual(
      stored.map(({ seq, at: when, body }) => ({ seq, at: when, body })),
      EVENTS,
    );
    assert.equal((await journal.run(RUN.id))?.state, 'succeeded', 'a message that comes late does not bring an old state back');
    assert.equal((await journal.verify(RUN.id)).ok, true);
  });

  test('whatever messages come in whatever order and however often, the journal is a beginning of the one history', async () => {
    const messages = fc.array(fc.tuple(fc.nat(11), fc.integer({ min: 1, max: 6 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(messages, async (cuts) => {
        await using at = await store.place();
        const journal = await at.open();
        await journal.create(RUN, { type: 'first' });
        const lease = await leaseOf(journal);
        for (const [from, count] of cuts) {
          const last = (await journal.run(RUN.id))?.lastSeq ?? 0;
          const message = EVENTS.slice(from, from + count);
          const isGap = (message[0]?.seq ?? 0) > last + 1;
          if (isGap) await assert.rejects(journal.project(lease, message), { code: 'JOURNAL_GAP' });
          else await journal.project(lease, message);
        }
        const stored = await journal.read(RUN.id, 1);
        assert.deepEqual(
          stored.map(({ body }) => body.n),
          EVENTS.slice(0, stored.length).map(({ body }) => body.n),
        );
        assert.equal((await journal.verify(RUN.id)).ok, true);
      }),
      { numRuns: 8 },
    );
  });

  test('another history is refused and changes nothing', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const lease = await leaseOf(journal);
    await journal.project(lease, EVENTS.slice(0, 3));
    const [, second, third] = EVENTS;
    assert.ok(second && third);
    await assert.rejects(journal.project(lease, [second, { ...third, body: { type: 'x', n: 99 } }]), { code: 'JOURNAL_DIVERGED', retry: 'pauseForHuman' });
    await assert.rejects(journal.project(lease, [{ ...third, at: 1 }]), { code: 'JOURNAL_DIVERGED' });
    await assert.rejects(journal.project(lease, [{ ...third, body: { type: 'x', n: 99 } }, ...EVENTS.slice(3)]), { code: 'JOURNAL_DIVERGED' });
    assert.equal((await journal.run(RUN.id))?.lastSeq, 4, 'a message is written whole or not at all');
  });

  test('the lease goes with the last events, or neither does; the message may come again', async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const lease = await leaseOf(journal);
    const after = { state: 'succeeded', release: true };
    await assert.rejects(journal.project(lease, EVENTS.slice(1), after), { code: 'JOURNAL_GAP' });
    assert.equal((await journal.run(RUN.id))?.lease?.token, lease.token);
    for (const written of [EVENTS.length, 0]) {
      assert.equal((await journal.project(lease, EVENTS, after)).length, written);
      const row = await journal.run(RUN.id);
      assert.deepEqual([row?.state, row?.lastSeq, row?.lease], ['succeeded', EVENTS.length + 1, undefined]);
    }
  });

  test('whoever lost the lease projects nothing', async () => {
    await using at = await store.place();
    const journal = await at.open({ isDead: () => true });
    await journal.create(RUN, { type: 'first' });
    const old = await leaseOf(journal, 'temporal:a');
    const now = await leaseOf(journal, 'temporal:a');
    await assert.rejects(journal.project(old, EVENTS.slice(0, 1)), { code: 'JOURNAL_FENCED' });
    await journal.project(now, EVENTS.slice(0, 1));
    await journal.release(now);
    await journal.project(now, EVENTS.slice(0, 1));
    assert.equal((await journal.run(RUN.id))?.lastSeq, 2);
  });
}
